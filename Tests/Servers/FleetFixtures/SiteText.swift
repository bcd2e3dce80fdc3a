/// Documents of small sites.
package enum SiteText {
    package static let subnet = """
        apiVersion: bennu/v1
        kind: Subnet
        metadata: {name: rack}
        spec:
          prefix: 10.77.0.0/24
          pools: [10.77.0.100-10.77.0.199]

        """

    package static let profile = """
        apiVersion: bennu/v1
        kind: Profile
        metadata: {name: base}
        spec:
          image: kvm:1
          sysctls: {net.ipv4.ip_forward: 1}
          kernelArguments: [quiet]

        """

    /// `52:54:00:00:00:01` is host `h1`'s, and so on.
    package static func host(_ number: Int, _ more: String = "profiles: [base]") -> String {
        """
        apiVersion: bennu/v1
        kind: Host
        metadata: {name: h\(number)}
        spec:
          # Where it stands: rack \(number).
          hardwareAddresses: [\(address(number))]
          \(more)

        """
    }

    package static func address(_ number: Int) -> String {
        "52:54:00:00:00:" + (number < 16 ? "0" : "") + String(number, radix: 16)
    }

    package static func guest(_ name: String, on host: String) -> String {
        """
        apiVersion: bennu/v1
        kind: Guest
        metadata: {name: \(name)}
        spec:
          host: \(host)
          memory: 64MiB

        """
    }

    package static func all(_ documents: String...) -> String { documents.joined(separator: "---\n") }

    /// A subnet, a profile with an image, and hosts 1 to `hosts`.
    package static func site(hosts: Int = 2) -> String {
        ([subnet, profile] + (1...hosts).map { host($0) }).joined(separator: "---\n")
    }
}
