import NIOCore
import RembusTransport
import RembusWire

/// Runs a login on a connection that was just made. On the connection's event loop only.
final class PeerHandshake: LinkDelegate {
    private var login: PeerLogin
    private var completion: ((Link, Result<PeerLogin.Welcome, PeerFailure>) -> Void)?

    /// - Parameter completion: Gets the outcome, once. By its end the link has another delegate or is closed.
    init(
        _ login: PeerLogin, _ completion: @escaping (Link, Result<PeerLogin.Welcome, PeerFailure>) -> Void
    ) {
        self.login = login
        self.completion = completion
    }

    func begin(_ link: Link) {
        perform(login.begin(), link)
        link.group.flush()
    }

    /// Ends a login that takes too long.
    func giveUp(_ link: Link) {
        finish(link, .failure(.noAnswer))
    }

    func link(_ link: Link, received bytes: UnsafeRawBufferPointer, kind: MessageKind, owner: ByteBuffer?) {
        guard kind == .binary, case .response(let response)? = try? Message(cbor: ByteBuffer(bytes: bytes)) else {
            return
        }
        perform(login.receive(response), link)
    }

    func linkReadCompleted(_ link: Link) {}
    func linkDrained(_ link: Link) {}

    func linkClosed(_ link: Link, reason: LinkCloseReason) {
        finish(link, .failure(.lost("it ended the connection during the login, \(reason)")))
    }

    private func perform(_ action: PeerLogin.Action, _ link: Link) {
        switch action {
        case .none: break
        case .send(let message):
            var buffer = ByteBuffer()
            message.encodeCBOR(into: &buffer)
            link.sendBinary(prefixLength: 0, payload: buffer) { _ in }
        case .enter(let welcome): finish(link, .success(welcome))
        case .fail(let failure): finish(link, .failure(failure))
        }
    }

    private func finish(_ link: Link, _ outcome: Result<PeerLogin.Welcome, PeerFailure>) {
        guard let completion = completion.take() else { return }
        completion(link, outcome)
        if case .failure = outcome {
            link.close(code: 1000, reason: "login failed")
            link.group.flush()
        }
    }
}
