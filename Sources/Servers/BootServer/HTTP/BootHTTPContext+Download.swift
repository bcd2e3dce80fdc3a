import Fleet
import Primitives

extension BootHTTPContext {
    /// Only a root is ever told to wait: whoever asks for anything else is firmware, or iPXE that its script has let through.
    func decideDownload(_ answer: FileAnswer, at remote: String) -> DownloadDecision {
        guard answer.blob.role == "root", let boot = answer.boot else { return .go }
        return directory.decideDownload(of: answer.blob.digest, by: boot, at: IPv4Address(remote))
    }

    func note(_ step: DownloadStep, _ answer: FileAnswer, at remote: String) {
        guard let boot = answer.boot else { return }
        directory.download(step, of: answer.blob.digest, by: boot, at: IPv4Address(remote))
    }
}
