import Fleet
import HostContract
import Hummingbird
import OperatorTypes

extension OperatorServer {
    func addDocuments(to group: RouterGroup<BasicRequestContext>) {
        group.get { _, _ in try JSONAnswer(fleet.documentList()) }
        group.post { request, _ in try JSONAnswer(await fleet.apply(try await request.decoded(ApplyRequest.self))) }
        group.delete("{kind}/{name}") { _, context in
            guard let kind = context.parameters.get("kind"), let name = context.parameters.get("name") else {
                throw APIProblem(code: "malformed-name", message: "the request names no document")
            }
            return try JSONAnswer(await fleet.removeDocument(kind: kind, name: name))
        }
    }
}
