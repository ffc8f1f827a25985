import NIOCore
import RembusIdentity
import RembusWire
import Testing

@testable import RembusMesh

/// The login of a broker at another one, without connections.
@Suite("Login at another broker")
struct PeerLoginTests {
    private static func login(_ credential: Result<Credential?, IdentityError> = .success(nil)) -> PeerLogin {
        PeerLogin(name: "site", meta: ["mesh": 1, "ws": 8338], own: 7, numberKey: "mesh", credential: credential)
    }

    private static func secret() throws -> Credential {
        try Credential(fileContent: Array("a long enough secret".utf8))
    }

    private func id(_ action: PeerLogin.Action) throws -> MessageID {
        switch action {
        case .send(.identity(let identity)): return identity.id
        case .send(.attestation(let attestation)): return attestation.id
        default: throw Unexpected(action: "\(action)")
        }
    }

    private struct Unexpected: Error { let action: String }

    private func answer(_ id: MessageID, _ status: StatusCode = .ok, _ data: Value = .null) -> Message.Response {
        .init(id: id, status: status, data: data)
    }

    private func challenge(_ id: MessageID, _ bytes: [UInt8] = Array(repeating: 5, count: 32)) -> Message.Response {
        answer(id, .challenge, .bytes(ByteBuffer(bytes: bytes)))
    }

    @Test("It says its name and where it accepts connections, and is in with the answer")
    func plain() throws {
        var login = Self.login()
        let action = login.begin()
        guard case .send(.identity(let identity)) = action else { throw Unexpected(action: "\(action)") }
        #expect(identity.name == "site" && identity.meta == ["mesh": 1, "ws": 8338])
        guard case .none = login.receive(answer(.random())) else { throw Unexpected(action: "an answer to another") }
        let exports: Value = .array([.array([.text("m")]), .array([])])
        guard case .enter(let welcome) = login.receive(answer(identity.id, .ok, exports)) else {
            throw Unexpected(action: "not in")
        }
        #expect(welcome.number == nil && welcome.exports == exports)
        guard case .none = login.receive(answer(identity.id)) else { throw Unexpected(action: "a second answer") }
    }

    @Test("A broker of ours says its number, which is another")
    func numbers() throws {
        for (number, isOther) in [(UInt64(9), true), (7, false)] {
            var login = Self.login()
            let id = try id(login.begin())
            let exports: Value = .array([.array([]), .array([]), .map(["mesh": .integer(Int64(number))])])
            switch login.receive(answer(id, .ok, exports)) {
            case .enter(let welcome): #expect(isOther && welcome.number == number)
            case .fail(let failure): #expect(!isOther && failure == .ownAddress)
            case let action: throw Unexpected(action: "\(action)")
            }
        }
    }

    @Test("It proves its name, whenever that is asked for", arguments: [true, false])
    func proof(atOnce: Bool) throws {
        var login = Self.login(.success(try Self.secret()))
        let id = try id(login.begin())
        let action = login.receive(challenge(atOnce ? .connection : id))
        guard case .send(.attestation(let attestation)) = action else { throw Unexpected(action: "\(action)") }
        #expect(attestation.name == "site" && attestation.meta == ["mesh": 1, "ws": 8338])
        #expect((attestation.id == .connection) == atOnce && attestation.signature.readableBytes > 0)
        guard case .enter = login.receive(answer(attestation.id)) else { throw Unexpected(action: "not in") }
    }

    @Test("Without a key, or with one that cannot be read, it says so")
    func noKey() throws {
        for (credential, expected) in [
            (Result<Credential?, IdentityError>.success(nil), PeerFailure.needsKey),
            (.failure(IdentityError(.invalidKey, "broken")), .refused("broken")),
        ] {
            var login = Self.login(credential)
            let id = try id(login.begin())
            guard case .fail(let failure) = login.receive(challenge(id)) else { throw Unexpected(action: "no failure") }
            #expect(failure == expected)
        }
    }

    @Test("A broker that goes on asking for proofs gets two, and one that asks for nonsense none")
    func hostile() throws {
        var login = Self.login(.success(try Self.secret()))
        _ = login.begin()
        for _ in 0..<2 { _ = try id(login.receive(challenge(.connection))) }
        guard case .fail(.refused) = login.receive(challenge(.connection)) else {
            throw Unexpected(action: "a third proof")
        }
        for bytes in [[], Array(repeating: UInt8(1), count: 5000)] {
            var login = Self.login(.success(try Self.secret()))
            _ = login.begin()
            guard case .fail(.refused) = login.receive(challenge(.connection, bytes)) else {
                throw Unexpected(action: "a proof for nonsense")
            }
        }
    }

    @Test("A refusal is told in the other broker's words")
    func refused() throws {
        var login = Self.login()
        let id = try id(login.begin())
        guard case .fail(let failure) = login.receive(answer(id, .error, .text("already connected"))) else {
            throw Unexpected(action: "no failure")
        }
        #expect(failure == .refused("already connected"))
        #expect(failure.description == "it refuses the link: already connected")
    }
}
