package import ArgumentParser

package struct ImageCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "image", abstract: "Boot images: build them, bring them into the site, choose among them.",
        discussion: """
            An image is a kernel, an initrd and a root file system, immutable and named by its digest. A reference like kvm:2026.11 \
            moves between digests, so that upgrading a host is setting its reference, and undoing it is setting it back:

              bennu image build --name kvm --tag 2026.11 --kernel generic --directory out/kvm
              bennu image import out/kvm
              bennu host set r1u7 --image kvm:2026.11
            """,
        subcommands: [
            ImageBuildCommand.self, ImageImportCommand.self, ImageListCommand.self, ImageShowCommand.self, ImageVerifyCommand.self,
            ImageTagCommand.self, ImageRemoveCommand.self,
        ])
    package init() {}
}
