/// A processor and firmware type (RFC 4578 section 2.1 with its 2016 erratum; IANA "Processor Architecture Types"). Open: of the registry
/// those that it calls deprecated have no name here.
package struct ClientArchitecture: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let x86BIOS = Self(rawValue: 0)
    package static let itaniumUEFI = Self(rawValue: 2)
    package static let x86UEFI = Self(rawValue: 6)
    package static let x64UEFI = Self(rawValue: 7)
    /// EFI byte code; firmware that follows the RFC's text before the erratum means x64.
    package static let efiByteCode = Self(rawValue: 9)
    package static let arm32UEFI = Self(rawValue: 10)
    package static let arm64UEFI = Self(rawValue: 11)
    package static let powerPCOpenFirmware = Self(rawValue: 12)
    package static let powerPCEPAPR = Self(rawValue: 13)
    package static let powerOPAL = Self(rawValue: 14)
    package static let x86UEFIHTTP = Self(rawValue: 15)
    package static let x64UEFIHTTP = Self(rawValue: 16)
    package static let efiByteCodeHTTP = Self(rawValue: 17)
    package static let arm32UEFIHTTP = Self(rawValue: 18)
    package static let arm64UEFIHTTP = Self(rawValue: 19)
    package static let x86BIOSHTTP = Self(rawValue: 20)
    package static let arm32UBoot = Self(rawValue: 21)
    package static let arm64UBoot = Self(rawValue: 22)
    package static let arm32UBootHTTP = Self(rawValue: 23)
    package static let arm64UBootHTTP = Self(rawValue: 24)
    package static let riscv32UEFI = Self(rawValue: 25)
    package static let riscv32UEFIHTTP = Self(rawValue: 26)
    package static let riscv64UEFI = Self(rawValue: 27)
    package static let riscv64UEFIHTTP = Self(rawValue: 28)
    package static let riscv128UEFI = Self(rawValue: 29)
    package static let riscv128UEFIHTTP = Self(rawValue: 30)
    package static let s390Basic = Self(rawValue: 31)
    package static let s390Extended = Self(rawValue: 32)
    package static let mips32UEFI = Self(rawValue: 33)
    package static let mips64UEFI = Self(rawValue: 34)
    package static let sunway32UEFI = Self(rawValue: 35)
    package static let sunway64UEFI = Self(rawValue: 36)
    package static let loongArch32UEFI = Self(rawValue: 37)
    package static let loongArch32UEFIHTTP = Self(rawValue: 38)
    package static let loongArch64UEFI = Self(rawValue: 39)
    package static let loongArch64UEFIHTTP = Self(rawValue: 40)
    package static let raspberryPi = Self(rawValue: 41)
}

extension ClientArchitecture {
    package enum Processor: String, Sendable {
        case x86, x64, itanium, arm32, arm64, powerPC, power, riscv32, riscv64, riscv128, s390, mips32, mips64, sunway32, sunway64, loongArch32,
            loongArch64
    }

    package enum Firmware: String, Sendable {
        case bios, uefi, uBoot, raspberryPi, openFirmware, ePAPR, opal, basic, extended
    }

    /// Processor, firmware and whether it loads by HTTP; `nil` for a type that this table does not know.
    private var traits: (processor: Processor, firmware: Firmware, http: Bool)? {
        switch self {
        case .x86BIOS: (.x86, .bios, false)
        case .x86BIOSHTTP: (.x86, .bios, true)
        case .itaniumUEFI: (.itanium, .uefi, false)
        case .x86UEFI: (.x86, .uefi, false)
        case .x86UEFIHTTP: (.x86, .uefi, true)
        case .x64UEFI, .efiByteCode: (.x64, .uefi, false)
        case .x64UEFIHTTP, .efiByteCodeHTTP: (.x64, .uefi, true)
        case .arm32UEFI: (.arm32, .uefi, false)
        case .arm32UEFIHTTP: (.arm32, .uefi, true)
        case .arm64UEFI: (.arm64, .uefi, false)
        case .arm64UEFIHTTP: (.arm64, .uefi, true)
        case .powerPCOpenFirmware: (.powerPC, .openFirmware, false)
        case .powerPCEPAPR: (.powerPC, .ePAPR, false)
        case .powerOPAL: (.power, .opal, false)
        case .arm32UBoot: (.arm32, .uBoot, false)
        case .arm32UBootHTTP: (.arm32, .uBoot, true)
        case .arm64UBoot: (.arm64, .uBoot, false)
        case .arm64UBootHTTP: (.arm64, .uBoot, true)
        case .riscv32UEFI: (.riscv32, .uefi, false)
        case .riscv32UEFIHTTP: (.riscv32, .uefi, true)
        case .riscv64UEFI: (.riscv64, .uefi, false)
        case .riscv64UEFIHTTP: (.riscv64, .uefi, true)
        case .riscv128UEFI: (.riscv128, .uefi, false)
        case .riscv128UEFIHTTP: (.riscv128, .uefi, true)
        case .s390Basic: (.s390, .basic, false)
        case .s390Extended: (.s390, .extended, false)
        case .mips32UEFI: (.mips32, .uefi, false)
        case .mips64UEFI: (.mips64, .uefi, false)
        case .sunway32UEFI: (.sunway32, .uefi, false)
        case .sunway64UEFI: (.sunway64, .uefi, false)
        case .loongArch32UEFI: (.loongArch32, .uefi, false)
        case .loongArch32UEFIHTTP: (.loongArch32, .uefi, true)
        case .loongArch64UEFI: (.loongArch64, .uefi, false)
        case .loongArch64UEFIHTTP: (.loongArch64, .uefi, true)
        case .raspberryPi: (.arm64, .raspberryPi, false)
        default: nil
        }
    }

    /// The least processor that the firmware promises: a 64-bit machine with a BIOS says x86.
    package var processor: Processor? { traits?.processor }
    package var firmware: Firmware? { traits?.firmware }
    package var loadsByHTTP: Bool { traits?.http ?? false }
}

extension ClientArchitecture {
    /// Every type that has a name, by number.
    package static let named = (0...41).map(Self.init(rawValue:)).filter { $0.traits != nil }

    /// The types of this name, as `description` has it: two for `x64-uefi`, none for what is no name.
    package static func types(named name: String) -> [Self] { named.filter { $0.description == name } }
}

extension ClientArchitecture: CustomStringConvertible {
    package var description: String {
        guard let traits else { return "architecture \(rawValue)" }
        return "\(traits.processor.rawValue)-\(traits.firmware.rawValue)\(traits.http ? "-http" : "")"
    }
}
