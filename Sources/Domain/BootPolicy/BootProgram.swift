package import DHCPWire

/// What a network boot program says of itself: the machine type in its PE header (PE Format, "Machine Types"; UEFI 2.10 section 2.1.1).
package enum BootProgram {
    /// `nil` for what is no PE file.
    package static func machine(of bytes: [UInt8]) -> UInt16? {
        guard bytes.count >= 64, bytes.starts(with: "MZ".utf8) else { return nil }
        let offset = (0..<4).reduce(0) { $0 | Int(bytes[0x3c + $1]) << (8 * $1) }
        guard offset <= bytes.count - 6, bytes[offset..<offset + 4].elementsEqual([0x50, 0x45, 0, 0]) else { return nil }
        return UInt16(bytes[offset + 4]) | UInt16(bytes[offset + 5]) << 8
    }

    /// Why these bytes cannot start on this architecture: UEFI loads PE files of its own machine type only. Other firmware looks at nothing.
    package static func obstacle(to bytes: [UInt8], on architecture: ClientArchitecture) -> String? {
        guard architecture.firmware == .uefi, let processor = architecture.processor else { return nil }
        guard let machine = machine(of: bytes) else { return "it is no program for UEFI (a PE file)" }
        guard let fitting = machines(of: processor), !fitting.contains(machine) else { return nil }
        return "it is a program for another processor (PE machine type 0x\(String(machine, radix: 16))) than \(processor.rawValue)"
    }

    /// `nil` where no type is registered. Firmware for x64 may run EFI byte code.
    private static func machines(of processor: ClientArchitecture.Processor) -> [UInt16]? {
        switch processor {
        case .x86: [0x014c, 0x0ebc]
        case .x64: [0x8664, 0x0ebc]
        case .itanium: [0x0200, 0x0ebc]
        case .arm32: [0x01c0, 0x01c2, 0x01c4]
        case .arm64: [0xaa64]
        case .riscv32: [0x5032]
        case .riscv64: [0x5064]
        case .riscv128: [0x5128]
        case .loongArch32: [0x6232]
        case .loongArch64: [0x6264]
        case .powerPC, .power, .s390, .mips32, .mips64, .sunway32, .sunway64: nil
        }
    }
}
