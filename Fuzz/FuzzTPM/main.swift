import FuzzDriver
import TPMWire

/// Any bytes are a TPM's answer or an error; what decodes was all of them. The same bytes as digests make a command whose length is what it says.
fuzz { bytes in
    if let response = try? TPMResponse(bytes) {
        precondition(response.body == Array(bytes.dropFirst(10)) && response.isSuccess == bytes[6..<10].allSatisfy { $0 == 0 })
    }
    guard let register = bytes.first else { return }
    let digests = stride(from: 1, to: bytes.count, by: 34).map { start in
        PCRExtend.BankDigest(TPMAlgorithm(rawValue: UInt16(bytes[start]) << 8 | 0x0b), Array(bytes[start..<min(bytes.count, start + 34)]))
    }
    let command = PCRExtend(register: register, digests: digests).bytes
    precondition(command.count == 31 + digests.reduce(0) { $0 + 2 + $1.digest.count } && command[13] == register)
    precondition(command[2..<6].reduce(0) { $0 << 8 | Int($1) } == command.count, "a command states another length")
}
