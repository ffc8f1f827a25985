import NIOCore
import RembusWire
import Testing

@testable import Rembus

/// The two forms of a challenge in JSON (protocol.md §10), as they are on the wire.
@Suite(.timeLimit(.minutes(5)))
struct JSONChallengeTests {
    @Test(arguments: [
        #"{"jsonrpc":"2.0","id":ID,"result":{"type":4,"sts":11,"data":"3q0AAQ=="}}"#,
        #"{"jsonrpc":"2.0","id":"ID","result":{"__type__":4,"sts":11,"data":[222,173,0,1]}}"#,
    ])
    func bothFormsAreUnderstood(_ form: String) async throws {
        let broker = try await FakeBroker.start()
        async let component = Component.connect(
            broker.url("pump7"),
            configuration: .test {
                $0.credential = .sharedSecret("hunter22")
                $0.encoding = .json
            })
        let peer = try await broker.accept()
        guard case .identity(let identity) = try await peer.next() else { throw FakePeer.UnexpectedMessage() }
        let id = try #require(identity.id.littleEndianValue)
        peer.sendText(form.replacing("ID", with: "\(id)"))
        guard case .text(let text) = try await peer.nextFrame() else { throw FakePeer.UnexpectedMessage() }
        // The digest of the vector of protocol.md §14.4 in base64.
        #expect(text.contains("vBfPYEsKDNGRq162cuNueLKHdZ2v1iCGkDs+QiW2cq8="))
        #expect(text.contains(#""method":"pump7""#))
        var dialect = JSONDialect()
        let message = try Message(json: ByteBuffer(string: text), dialect: &dialect)
        let attestation = try #require(message.id)
        peer.send(.response(.init(id: attestation, status: .ok, data: [[], []])), asText: true)
        await (try component).close()
    }
}
