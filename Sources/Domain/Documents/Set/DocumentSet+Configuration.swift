package import FleetModel
package import HostContract
package import Primitives

/// What is in force for one host after all layers are merged. Pure: the fleet adds placements.
extension DocumentSet {
    /// Profiles in the order the Host document names them, the document's own fields over them, then its guests by name (with empty
    /// placements); `nil` when no Host document has this name.
    package func settings(forHost name: String) -> HostSettings? {
        guard let host = host(name) else { return nil }
        var settings = merged(profiles: host.profiles).merged(with: host.settings)
        settings.hostName = host.hostName ?? name
        settings.guests = guests(onHost: name).map(\.guest)
        return settings
    }

    /// The settings of profiles, later ones over earlier ones; for hosts that are accepted without a document.
    package func merged(profiles names: [String]) -> HostSettings {
        names.compactMap { profile($0)?.settings }.reduce(HostSettings()) { $0.merged(with: $1) }
    }

    /// The Host document's own image, or that of the last of its profiles that has one; `nil` when nothing was chosen.
    package func imageReference(forHost name: String) -> ImageReference? {
        host(name).flatMap { $0.image ?? image(ofProfiles: $0.profiles) }
    }

    /// The image of the last of these profiles that has one.
    package func image(ofProfiles names: [String]) -> ImageReference? { names.reversed().lazy.compactMap { profile($0)?.image }.first }

    /// The digest that an Image document pins a reference to.
    package func pinnedDigest(of reference: ImageReference) -> Digest? { image(reference)?.digest }

    /// Those of the image, then those of profiles and host.
    /// - Parameter reference: the image to start; `nil` for the one that the documents choose.
    /// - Parameter settings: the host's, where they are at hand.
    package func kernelArguments(forHost name: String, image reference: ImageReference? = nil, settings: HostSettings? = nil) -> [String] {
        let fromImage = (reference ?? imageReference(forHost: name)).flatMap { image($0)?.kernelArguments } ?? []
        let fromSettings = (settings ?? self.settings(forHost: name))?.kernelArguments ?? []
        return fromImage + fromSettings.filter { !fromImage.contains($0) }
    }
}
