import FleetModel
import HostContract
import Primitives

/// The checks that no document can make alone.
extension DocumentSet {
    /// Every quarrel between documents of this set, by file and place: references to nothing, and what two claim and only one can have.
    package func validate() -> [DocumentProblem] {
        var checks = SetChecks(self)
        checks.references()
        checks.names()
        checks.addresses()
        checks.subnets()
        checks.reservations()
        return DocumentParser.bounded(checks.problems)
    }
}

/// Goes through all documents in order, so that the later of two is the one to blame.
struct SetChecks {
    let set: DocumentSet
    let documents: [Document]
    private(set) var problems: [DocumentProblem] = []
    /// Who claimed a thing first, by what it is.
    private var claims: [String: (document: Document, path: String)] = [:]

    init(_ set: DocumentSet) { (self.set, documents) = (set, set.sorted) }

    mutating func report(_ code: DocumentProblem.Code, _ document: Document, _ path: String, _ message: String, hint: String? = nil) {
        problems.append(DocumentProblem(code, file: document.file, at: document.mark(path), path: path, message: message, hint: hint))
    }

    /// Takes a thing that only one document can have; reports `.claimedTwice` with both places when another has it.
    mutating func claim(_ thing: String, _ document: Document, _ path: String) {
        guard let first = claims[thing] else {
            claims[thing] = (document, path)
            return
        }
        let place = "\(first.document.file):\(first.document.mark(first.path).line)"
        report(.claimedTwice, document, path, "\(thing) is already claimed by \(first.document.key) at \(place)")
    }

    mutating func references() {
        let hosts = names(of: .host)
        let profiles = names(of: .profile)
        for document in documents {
            switch document.spec {
            case .host(let spec):
                for (index, name) in spec.profiles.enumerated() { refer(.profile, name, document, "spec.profiles[\(index)]", profiles) }
            case .subnet(let spec):
                for (index, name) in (spec.acceptUnknown?.profiles ?? []).enumerated() {
                    refer(.profile, name, document, "spec.acceptUnknown.profiles[\(index)]", profiles)
                }
            case .guest(let spec): refer(.host, spec.host, document, "spec.host", hosts)
            case .image, .profile, .bootServer: break
            }
        }
    }

    private func names(of kind: DocumentKind) -> [String] { documents.filter { $0.kind == kind }.map(\.metadata.name) }

    private mutating func refer(_ kind: DocumentKind, _ name: String, _ document: Document, _ path: String, _ known: [String]) {
        guard set[kind, name] == nil else { return }
        let hint =
            NearestName.of(name, among: known).map { "did you mean \($0)?" } ?? "apply a \(kind.rawValue) document with this name too"
        report(.danglingReference, document, path, "no \(kind.rawValue) has the name \"\(name)\"", hint: hint)
    }

    /// Host names, image references and UUIDs.
    mutating func names() {
        for document in documents {
            switch document.spec {
            case .host(let spec):
                claim(
                    "host name \(spec.hostName ?? document.metadata.name)", document,
                    spec.hostName == nil ? "metadata.name" : "spec.hostName")
                if let uuid = spec.uuid { claim("UUID \(uuid)", document, "spec.uuid") }
            case .image(let spec): claim("image reference \(spec.reference)", document, "spec.reference")
            case .guest(let spec): claim("guest UUID \(spec.guest.uuid)", document, "spec.uuid")
            case .bootServer: claim("the boot server", document, "metadata.name")
            case .subnet, .profile: break
            }
        }
    }

    /// Hardware addresses of hosts and guests, which share the networks.
    mutating func addresses() {
        for document in documents {
            switch document.spec {
            case .host(let spec):
                for (index, address) in spec.hardwareAddresses.enumerated() {
                    claim("hardware address \(address)", document, "spec.hardwareAddresses[\(index)]")
                }
            case .guest(let spec):
                for (index, interface) in spec.guest.interfaces.enumerated() {
                    guard let address = interface.hardwareAddress else { continue }
                    claim("hardware address \(address)", document, "spec.interfaces[\(index)].hardwareAddress")
                }
            case .subnet, .image, .profile, .bootServer: break
            }
        }
    }
}
