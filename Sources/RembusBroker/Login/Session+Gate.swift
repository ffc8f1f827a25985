import Logging
import NIOCore
import RembusTransport
import RembusWire

/// What a connection may do at the moment.
enum Gate {
    /// Everything that its component may.
    case open
    /// A decision about it is being made elsewhere; messages wait for the outcome.
    case waiting
    /// Authenticated mode, nothing proven yet: only the handshake is possible (protocol.md §7.3).
    case locked
}

/// Messages while the connection may not yet do everything.
extension Session {
    /// The largest message of a login: a name, a pin and a key.
    static let maxHandshakeBytes = 64 << 10

    func receiveGated(_ bytes: UnsafeRawBufferPointer, _ kind: MessageKind) {
        if gate == .waiting { return postpone(bytes, kind) }
        form.encoding = kind
        guard let message = handshakeMessage(bytes, kind) else { return }
        traffic.received(MessageClass(message), bytes: bytes.count)
        switch message {
        case .identity(let identity): receive(identity)
        case .attestation(let attestation): receive(attestation)
        case .register(let register): receive(register)
        case .ping(let id, let name): receivePing(id, name)
        default: turnAway()
        }
    }

    /// Decodes a message of a connection that has not logged in, within the bounds of a login.
    private func handshakeMessage(_ bytes: UnsafeRawBufferPointer, _ kind: MessageKind) -> Message? {
        if kind == .binary, case .regular = FrameHeader.parse(bytes) {
            turnAway()
            return nil
        }
        do throws(WireError) {
            let buffer = ByteBuffer(bytes: bytes)
            guard kind == .text else {
                form.idForm = .number
                return try Message(cbor: buffer, limits: core.decodingLimits)
            }
            let message = try Message(json: buffer, limits: core.decodingLimits, dialect: &form.dialect)
            form.idForm = message.id?.jsonForm ?? .number
            return message
        } catch {
            refuse("\(error)")
            return nil
        }
    }

    /// Ends the connection of somebody who does anything but log in, without an answer (protocol.md §7.3).
    private func turnAway() {
        report(.early)
        link.close(code: 1000, reason: "")
    }

    private func postpone(_ bytes: UnsafeRawBufferPointer, _ kind: MessageKind) {
        // Reading has stopped, so this is what one read has brought.
        guard undecided.messages.count < 10_000 else {
            return refuse("too many messages before the login was answered")
        }
        undecided.messages.append((ByteBuffer(bytes: bytes), kind))
    }

    /// Handles what waited for a decision.
    func takeDeferred() {
        let waiting = undecided.messages
        undecided.messages = []
        for (buffer, kind) in waiting {
            // One of them may have been the last: what is behind it must not give a connection that is gone new life.
            guard link.isOpen, !isClosed else { return }
            buffer.withUnsafeReadableBytes { link(link, received: $0, kind: kind, owner: nil) }
        }
    }

    // MARK: Waiting

    /// Something is decided elsewhere: messages wait, and no more are read.
    func wait() {
        guard gate != .waiting else { return }
        gate = .waiting
        link.pauseReading()
    }

    /// What held this connection up is over: its peer is read from, unless a decision about it is still to come.
    func readOn() {
        if gate != .waiting { link.resumeReading() }
    }

    /// Goes on with a decision as a unit of work of its own, then with the messages that waited for it.
    func proceed(_ decision: () -> Void) {
        guard link.isOpen, !isClosed, gate == .waiting else { return }
        lane.beginBurst()
        gate = mustProve ? .locked : .open
        link.resumeReading()
        decision()
        takeDeferred()
        lane.endBurst()
    }
}
