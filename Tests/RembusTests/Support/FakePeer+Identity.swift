import NIOCore
import RembusWire
import Testing

@testable import Rembus

/// The broker's part of the handshakes of protocol.md §7.
extension FakePeer {
    /// Sends a challenge with the id of authenticated mode.
    func challenge(_ bytes: [UInt8]) { challenge(bytes, .connection) }

    /// Answers the Identity that must come next with a challenge.
    func challengeIdentity(_ bytes: [UInt8], asText: Bool = false) async throws {
        guard case .identity(let part) = try await next() else { throw UnexpectedMessage() }
        challenge(bytes, part.id, asText: asText)
    }

    private func challenge(_ bytes: [UInt8], _ id: MessageID, asText: Bool = false) {
        send(.response(.init(id: id, status: .challenge, data: .bytes(ByteBuffer(bytes: bytes)))), asText: asText)
    }

    func nextAttestation() async throws -> Message.Attestation {
        guard case .attestation(let part) = try await next() else { throw UnexpectedMessage() }
        return part
    }

    func nextRegister() async throws -> Message.Register {
        guard case .register(let part) = try await next() else { throw UnexpectedMessage() }
        return part
    }

    func answer(_ id: MessageID, _ status: StatusCode, _ data: Value = .null) {
        send(.response(.init(id: id, status: status, data: data)))
    }
}
