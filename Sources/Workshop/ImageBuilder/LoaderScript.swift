/// What iPXE of 2023 and later fetches beside itself on UEFI, and runs in place of its own autoboot (https://ipxe.org/scripting).
enum LoaderScript {
    static let title = "autoexec.ipxe"

    /// By itself iPXE configures a network card by IPv6 too, and waits for router advertisements (some 4 s) where none come. Our DHCP server names the
    /// script as its boot file, whichever way the firmware came; what another server names is loaded the same way.
    static let text = """
        #!ipxe
        ifconf --configurator dhcp || goto itself
        isset ${filename} || goto itself
        chain --autofree ${filename} || goto itself
        :itself
        autoboot

        """
}
