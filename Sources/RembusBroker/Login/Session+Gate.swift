import Logging
import NIOCore
import RembusTransport
import RembusWire

/// Which messages a connection may send at the moment.
enum Gate {
    /// All messages that its component has the right to.
    case open
    /// None: a decision about the connection is pending, and messages wait for it.
    case waiting
    /// Those of a login: in authenticated mode nothing was proven yet (protocol.md §7.3).
    case locked
}

/// Messages of connections that may not send everything yet.
extension Session {
    /// The largest message of a login, in bytes: a name, a pin and a key.
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

    /// Decodes a message of a connection that has not logged in, within the limits of a login.
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

    /// Ends the connection of a peer that sends anything but a login, without an answer (protocol.md §7.3).
    private func turnAway() {
        report(.early)
        link.close(code: 1000, reason: "")
    }

    private func postpone(_ bytes: UnsafeRawBufferPointer, _ kind: MessageKind) {
        // Reading has stopped, so these messages are from one read.
        guard undecided.messages.count < 10_000 else {
            return refuse("too many messages before the login was answered")
        }
        undecided.messages.append((ByteBuffer(bytes: bytes), kind))
    }

    /// Handles the messages that waited for a decision.
    func takeDeferred() {
        let waiting = undecided.messages
        undecided.messages = []
        for (buffer, kind) in waiting {
            // A message may have ended the connection. Those behind it are then dropped.
            guard link.isOpen, !isClosed else { return }
            buffer.withUnsafeReadableBytes { link(link, received: $0, kind: kind, owner: nil) }
        }
    }

    // MARK: Waiting

    /// Queues messages, and stops reading, until a decision about the connection is made elsewhere.
    func wait() {
        guard gate != .waiting else { return }
        gate = .waiting
        link.pauseReading()
    }

    /// Reads from the peer again, unless a decision about the connection is pending.
    func readOn() {
        if gate != .waiting { link.resumeReading() }
    }

    /// Applies a decision as a unit of work of its own, and handles the messages that waited for it.
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
