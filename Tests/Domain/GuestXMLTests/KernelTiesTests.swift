import GuestXML
import Testing

@Suite("A domain's XML tells what ties its guest to the kernel that runs")
struct KernelTiesTests {
    private static func ties(_ devices: String, _ more: String = "") throws -> KernelTies {
        let text = "<domain type='kvm'><name>g</name><memory unit='GiB'>2</memory>\(more)<devices>\(devices)</devices></domain>"
        return KernelTies(try #require(VerbatimXML(text)))
    }

    @Test(
        "what can be neither kept nor saved",
        arguments: [
            ("<hostdev mode='subsystem'/>", "has a device of the host"), ("<interface\n type='hostdev'/>", "has a device of the host"),
            ("<interface type=\"vhostuser\"/>", "has a vhost-user interface"), ("<disk type='vhostuser' device='disk'/>", "has a vhost-user device"),
            ("<video><driver name='vhostuser'/></video>", "has a vhost-user device"),
            ("<filesystem type='mount'><driver type='virtiofs'/></filesystem>", "shares a file system with the host"),
            ("<tpm model='tpm-crb'><backend type='emulator'/></tpm>", "has a TPM"),
        ])
    func fixtures(devices: String, fixture: String) throws { #expect(try Self.ties(devices).fixture == fixture) }

    @Test(
        "what needs a program that ends with the system",
        arguments: [
            ("<interface type='vhostuser'/>", "has a vhost-user interface"), ("<disk type='vhostuser' device='disk'/>", "has a vhost-user disk"),
            (
                "<filesystem><driver type='virtiofs'/><source socket='/run/s'/></filesystem>",
                "shares a file system by a program of the host's own"
            ),
            ("<tpm><backend type='external'><source mode='connect' path='/run/t'/></backend></tpm>", "has a TPM by a program of the host's own"),
            ("<disk type='block'><source><reservations managed='no'/></source></disk>", "reserves disks by a program of the host's own"),
            ("<filesystem><driver type='virtiofs'/><source dir='/srv'/></filesystem><tpm><backend type='emulator'/></tpm>", nil),
        ])
    func programs(devices: String, program: String?) throws { #expect(try Self.ties(devices).program == program) }

    @Test("encrypted memory is no device, and as bad")
    func encrypted() throws { #expect(try Self.ties("", "<launchSecurity type='sev'/>").fixture == "has encrypted memory") }

    @Test(
        "memory that cannot stay where it is",
        arguments: [
            ("<memoryBacking><hugepages/></memoryBacking>", "asks for huge pages"),
            ("<memoryBacking><locked/></memoryBacking>", "says how its memory is backed"),
            ("<cpu><numa><cell id='0' cpus='0' memory='1'/></numa></cpu>", "has NUMA nodes of its own"),
            ("<numatune><memory mode='strict' nodeset='0'/></numatune>", "binds its memory to NUMA nodes"),
            ("<maxMemory slots='2' unit='GiB'>8</maxMemory>", "has memory to plug in"),
            ("<qemu:commandline><qemu:arg value='memory-backend=mine'/></qemu:commandline>", "names its memory to QEMU itself"),
        ])
    func memory(element: String, memory: String) throws {
        let ties = try Self.ties("", element)
        #expect(ties.memory == memory && ties.fixture == nil)
    }

    @Test("what is only said in a comment, a path or a text ties nothing")
    func plain() throws {
        let ties = try Self.ties(
            "<!-- <tpm/> --><disk type='file'><source file='/a/vhostuser.raw'/></disk><interface type='bridge'><source bridge='br0'/></interface>",
            "<description>no tpm, no hostdev, memory-backend=x</description><vcpu cpuset='0-1'>2</vcpu>")
        #expect(ties.fixture == nil && ties.memory == nil && ties.program == nil)
    }
}
