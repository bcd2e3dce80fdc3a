import Store
import Testing

extension ContractCheck {
    static let reads: [ContractCheck] = [
        ContractCheck("a prefix holds what is below its key, not the key and not its neighbours") { subject async throws in
            for key: Key in ["hosts", "hosts/a", "hosts/a/b", "hosts-x/a", "hosts.x", "hosts0", "hosts2/a", "host/a"] {
                try await subject.put(key, "v")
            }
            #expect(try await subject.store.readAll(.under("hosts")).lines == ["hosts/a=v", "hosts/a/b=v"])
            #expect(try await subject.store.readAll(.under("hosts/a")).lines == ["hosts/a/b=v"])
            #expect(try await subject.store.readAll(.all).entries.count == 8)
        },
        ContractCheck("keys come in byte order") { subject async throws in
            let keys: [Key] = ["a", "B", "a/b", "a-b", "a.b", "a0", "a:b", "a@b", "aB", "a_b", "ab"]
            for key in keys { try await subject.put(key, "") }
            #expect(try await subject.store.readAll(.all).entries.map(\.key) == keys.sorted())
        },
        ContractCheck("pages fit together without gap or repetition") { subject async throws in
            let keys = try (0..<25).map { try Key(parsing: "p/\($0)") }
            for key in keys { try await subject.put(key, "v") }
            for limit in [1, 2, 24, 25, 26] {
                var (found, request): ([Key], PageRequest?) = ([], PageRequest(limit: limit))
                while let asked = request {
                    let page = try await subject.store.read(.under("p"), at: nil, page: asked)
                    #expect(page.entries.count <= limit)
                    found += page.entries.map(\.key)
                    request = page.next
                }
                #expect(found == keys.sorted())
            }
        },
        ContractCheck("later pages show the first page's revision, whatever is committed between") { subject async throws in
            for key: Key in ["p/a", "p/b", "p/c"] { try await subject.put(key, "old") }
            let first = try await subject.store.read(.under("p"), at: nil, page: PageRequest(limit: 1))
            try await subject.put("p/b", "new")
            try await subject.delete("p/c")
            try await subject.put("p/d", "new")
            let rest = try await subject.store.read(.under("p"), at: first.revision, page: try #require(first.next))
            #expect(rest.lines + ["end"] == ["p/b=old", "end"])
            let last = try await subject.store.read(.under("p"), at: first.revision, page: try #require(rest.next))
            #expect(last.lines == ["p/c=old"])
            #expect(last.next == nil)
            #expect(try await subject.store.readAll(.under("p")).lines == ["p/a=old", "p/b=new", "p/d=new"])
        },
        ContractCheck("a page of large values ends early and says so") { subject async throws in
            let value = [UInt8](repeating: 7, count: 500 << 10)
            for number in 0..<10 { try await subject.must(.create(try Key(parsing: "big/\(number)"), value)) }
            let page = try await subject.store.read(.all, at: nil, page: PageRequest())
            #expect(page.entries.count == 9)
            #expect(try await subject.store.readAll(.all).entries.count == 10)
        },
        ContractCheck("a revision beyond the present is refused by name") { subject async throws in
            try await subject.put("a", "v")
            let wanted = Revision(rawValue: 2)
            await #expect(throws: StoreError.notReached(wanted, current: Revision(rawValue: 1))) {
                try await subject.store.read(.all, at: wanted, page: PageRequest())
            }
        },
        ContractCheck("history reaches back as promised, what is older is refused by name", historyLimit: 5) { subject async throws in
            try await subject.put("kept", "v")
            try await subject.put("gone", "v")
            try await subject.delete("gone")
            for number in 4...20 { try await subject.put("a", "\(number)") }
            let oldest = Revision(rawValue: 15)
            for revision in UInt64(15)...20 {
                let page = try await subject.store.readAll(.all, at: Revision(rawValue: revision))
                #expect(page.lines == ["a=\(revision)", "kept=v"])
            }
            for revision in UInt64(0)...14 {
                await #expect(throws: StoreError.compacted(oldest: oldest)) {
                    try await subject.store.read(.all, at: Revision(rawValue: revision), page: PageRequest())
                }
            }
        },
    ]
}
