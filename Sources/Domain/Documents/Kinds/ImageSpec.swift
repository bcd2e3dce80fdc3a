package import FleetModel
package import Primitives

/// Kind Image: what an image reference means at this site.
package struct ImageSpec: Sendable, Hashable {
    package var reference: ImageReference
    /// Pins the reference to one image; `nil` leaves it to where the tag points.
    package var digest: Digest?
    package var kernelArguments: [String]

    package init(reference: ImageReference, digest: Digest? = nil, kernelArguments: [String] = []) {
        (self.reference, self.digest, self.kernelArguments) = (reference, digest, kernelArguments)
    }
}

extension ImageSpec {
    init?(reading cursor: Cursor) {
        guard let fields = cursor.fields(["reference", "digest", "kernelArguments"]) else { return nil }
        let reference = fields.required("reference", example: "kvm:2026.11")?.mark().value(ImageReference.self)
        let digest = fields["digest"]?.value(Digest.self)
        let arguments = SettingsFields.kernelArguments(fields["kernelArguments"])
        guard let reference else { return nil }
        self.init(reference: reference, digest: digest, kernelArguments: arguments)
    }
}
