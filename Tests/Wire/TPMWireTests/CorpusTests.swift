import Foundation
import TPMWire
import Testing

@Suite("Fuzz inputs of the TPM's answers")
struct CorpusTests {
    @Test("each is an answer or an error, and what is an answer was all of its bytes")
    func corpus() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Fuzz/Corpus/tpm").standardized
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        var answers = 0
        for file in files {
            let bytes = Array(try Data(contentsOf: file))
            guard let response = try? TPMResponse(bytes) else { continue }
            answers += 1
            #expect(response.body == Array(bytes.dropFirst(10)))
        }
        #expect(files.count >= 6 && answers >= 3 && answers < files.count)
    }
}
