import NIOCore
import RembusTransport
import RembusWire

/// Parses the messages of the peer and passes them to their handlers.
extension Session {
    func link(_ link: Link, received bytes: UnsafeRawBufferPointer, kind: MessageKind, owner: ByteBuffer?) {
        guard gate == .open else { return receiveGated(bytes, kind) }
        form.encoding = kind
        if kind == .binary {
            form.idForm = .number
            receive(bytes, owner: owner)
        } else {
            receiveText(bytes)
        }
    }

    func linkReadCompleted(_ link: Link) {
        pauseIfCongested()
        lane.endBurst()
    }

    func pauseIfCongested() {
        if lane.takeCongestion(of: self) { lane.pause(self) }
    }

    @inline(__always)
    private func receive(_ bytes: UnsafeRawBufferPointer, owner: ByteBuffer?) {
        switch FrameHeader.parse(bytes) {
        case .regular(let header):
            traffic.received(MessageClass(header), bytes: bytes.count)
            handle(header, bytes, owner: owner)
        case .irregular: receiveIrregular(bytes)
        case .malformed(let text): refuse(text)
        }
    }

    @inline(__always)
    private func handle(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer, owner: ByteBuffer?) {
        switch header.kind {
        case .publish: receivePublication(header, bytes, owner: owner)
        case .request: receiveRequest(header, bytes)
        case .response: receiveResponse(header, bytes)
        case .ack: acknowledged(header.id(in: bytes))
        case .ack2: if let id = header.id(in: bytes) { state.duplicates.remove(id) }
        }
    }

    /// Handles a control message, or a data message in a form that is accepted but not relayed as it is (protocol.md
    /// §2).
    private func receiveIrregular(_ bytes: UnsafeRawBufferPointer) {
        do throws(WireError) {
            let message = try Message(cbor: ByteBuffer(bytes: bytes), limits: core.decodingLimits)
            traffic.received(MessageClass(message), bytes: bytes.count)
            receive(message)
        } catch {
            refuse("\(error)")
        }
    }

    private func receiveText(_ bytes: UnsafeRawBufferPointer) {
        do throws(WireError) {
            let message = try Message(
                json: ByteBuffer(bytes: bytes), limits: core.decodingLimits, dialect: &form.dialect)
            form.idForm = message.id?.jsonForm ?? .number
            traffic.received(MessageClass(message), bytes: bytes.count)
            receive(message)
        } catch {
            refuse("\(error)")
        }
    }

    private func receive(_ message: Message) {
        switch message {
        case .publish, .request, .response:
            // The message is encoded in the usual form, which all code behind this point expects.
            var buffer = ByteBuffer()
            message.encodeCBOR(into: &buffer)
            buffer.withUnsafeReadableBytes { bytes in
                guard case .regular(let header) = FrameHeader.parse(bytes) else {
                    return refuse("the message cannot be put into the usual form")
                }
                handle(header, bytes, owner: nil)
            }
        case .ack(let id): acknowledged(id)
        case .ack2(let id): state.duplicates.remove(id)
        case .identity(let identity): receive(identity)
        case .admin(let admin): receive(admin)
        case .register(let register): receive(register)
        case .unregister(let id): unregister(id)
        case .attestation(let attestation): receive(attestation)
        case .ping(let id, let name): receivePing(id, name)
        case .close:
            endCause = .peer
            link.close(code: 1000, reason: "")
        }
    }

    /// Ends this connection because of what it sent (protocol.md §1.1, code 1000).
    func refuse(_ text: String) {
        report(.malformed(text))
        link.close(code: 1000, reason: "protocol error")
    }
}
