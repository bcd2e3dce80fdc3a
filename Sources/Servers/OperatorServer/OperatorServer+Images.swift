import Fleet
import Foundation
import HostContract
import Hummingbird
import OperatorTypes

extension OperatorServer {
    func addImages(to group: RouterGroup<BasicRequestContext>) {
        group.get { _, _ in try JSONAnswer(fleet.imageList()) }
        group.post("import") { request, _ in
            try JSONAnswer(await fleet.importImage(try await request.decoded(ImageImport.self)))
        }
        group.get("{image}") { _, context in try JSONAnswer(fleet.image(named: Self.image(context))) }
        group.post("{image}/verify") { _, context in try JSONAnswer(await fleet.verifyImage(named: Self.image(context))) }
        group.post("{image}/tag") { request, context in
            let tag = try await request.decoded(ImageTag.self)
            return try JSONAnswer(await fleet.tagImage(named: Self.image(context), as: tag.reference))
        }
        group.delete("{image}") { _, context in
            try await fleet.removeImage(named: Self.image(context))
            return Response(status: .noContent)
        }
    }

    private static func image(_ context: BasicRequestContext) throws -> String {
        guard let text = context.parameters.get("image")?.removingPercentEncoding else {
            throw APIProblem(code: "malformed-name", message: "the request names no image")
        }
        return text
    }
}
