import FleetModel
import Testing

@testable import ImageBuilder

struct ImageBuildOptionsTests {
    @Test("relative paths mean the working directory, whatever directory a tool runs in")
    func relativePaths() {
        var options = ImageBuildOptions(name: "kvm", tag: "t", kernel: .cloud, output: "out/image", cache: "out/cache")
        (options.overlay, options.agent, options.lock, options.writeLock) = ("o", "bin/agent", "in.lock", "/abs.lock")
        let absolute = options.absolute(in: "/home/me")
        #expect(absolute.output == "/home/me/out/image")
        #expect(absolute.cache == "/home/me/out/cache")
        #expect(absolute.temporaryDirectory == "/var/tmp")
        #expect([absolute.overlay, absolute.agent] == ["/home/me/o", "/home/me/bin/agent"])
        #expect([absolute.lock, absolute.writeLock] == ["/home/me/in.lock", "/abs.lock"])
    }
}
