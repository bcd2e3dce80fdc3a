import Hummingbird
import NIOCore

/// A request with the address that it came from.
struct HostRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The sender's IP address; `nil` for one that has none.
    let address: String?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        address = source.channel.remoteAddress?.ipAddress
    }
}
