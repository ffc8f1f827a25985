import Logging
import NIOCore
import RembusTransport

extension ClientSession: LinkDelegate {
    func link(_ link: Link, received bytes: UnsafeRawBufferPointer, kind: MessageKind, owner: ByteBuffer?) {
        switch phase {
        case .ready(let current) where current === link: break
        case .greeting(let current) where current === link: break
        case .ready, .greeting, .offline, .closed: return
        }
        switch kind {
        case .binary: receiveBinary(bytes, owner, link)
        case .text: receiveText(owner ?? ByteBuffer(bytes: bytes), link)
        }
    }

    func linkReadCompleted(_ link: Link) {
        for subscription in readersToWake { subscription.queue.wake() }
        readersToWake.removeAll(keepingCapacity: true)
    }

    func linkDrained(_ link: Link) {
        if link === readyLink { submissions.setCongested(false) }
    }

    func linkClosed(_ link: Link, reason: LinkCloseReason) {
        switch phase {
        case .ready(let current) where current === link: lost(reason)
        case .greeting(let current) where current === link: lost(reason)
        case .ready, .greeting, .offline, .closed: break
        }
    }

    // MARK: Decoding

    private func receiveBinary(_ bytes: UnsafeRawBufferPointer, _ owner: ByteBuffer?, _ link: Link) {
        switch FrameHeader.parse(bytes) {
        case .malformed(let reason): violation(reason, link)
        case .irregular:
            do {
                handle(try Message(cbor: owner ?? ByteBuffer(bytes: bytes)), link)
            } catch {
                violation(error.description, link)
            }
        case .regular(let header): handle(header, bytes, owner, link)
        }
    }

    private func receiveText(_ text: ByteBuffer, _ link: Link) {
        do {
            handle(try Message(json: text, dialect: &dialect), link)
        } catch {
            violation(error.description, link)
        }
    }

    /// Ends the connection to a peer that does not speak Rembus. A new connection may do better (protocol.md §1.1).
    private func violation(_ reason: String, _ link: Link) {
        logger.error("the broker sent something that is no Rembus message", metadata: ["reason": "\(reason)"])
        link.close(code: 1000, reason: "protocol error")
    }

    private func handle(
        _ header: FrameHeader, _ bytes: UnsafeRawBufferPointer, _ owner: ByteBuffer?, _ link: Link
    ) {
        switch header.kind {
        case .publish:
            let (topic, subscription) = receiver(of: header.topicBytes(in: bytes))
            let start = header.payloadOffset + header.argumentHeadLength
            let list = ArgumentList(
                .items(slice(bytes, owner, start..<header.end), count: header.argumentCount))
            receive(
                topic: topic, subscription, flags: header.flags, id: header.id(in: bytes), list: list, link)
        case .request:
            guard let id = header.id(in: bytes) else { return }
            let start = header.payloadOffset + header.argumentHeadLength
            let list = ArgumentList(
                .items(slice(bytes, owner, start..<header.end), count: header.argumentCount))
            execute(header.topic(in: bytes), id, list, timeout: header.timeout, link)
        case .response:
            guard let id = header.id(in: bytes) else { return }
            let data = slice(bytes, owner, header.payloadOffset..<header.end)
            received(Reply(status: StatusCode(rawValue: header.status), data: EncodedValue(cbor: data)), for: id)
        case .ack:
            if let id = header.id(in: bytes) { received(ack: id) }
        case .ack2:
            if let id = header.id(in: bytes) { duplicates.remove(id) }
        }
    }

    /// The bytes as a buffer that may be kept: a slice of `owner` if it is not much larger, otherwise a copy.
    private func slice(_ bytes: UnsafeRawBufferPointer, _ owner: ByteBuffer?, _ range: Range<Int>) -> ByteBuffer {
        if let owner, range.count * 2 >= owner.readableBytes,
            let slice = owner.getSlice(at: owner.readerIndex + range.lowerBound, length: range.count)
        {
            return slice
        }
        return ByteBuffer(bytes: UnsafeRawBufferPointer(rebasing: bytes[range]))
    }

    private func handle(_ message: Message, _ link: Link) {
        switch message {
        case .publish(let part):
            receive(
                topic: part.topic, subscriptions[part.topic], flags: part.flags, id: part.id,
                list: ArgumentList(.values(part.arguments)), link)
        case .request(let part):
            execute(part.topic, part.id, ArgumentList(.values(part.arguments)), timeout: part.timeout, link)
        case .response(let part):
            received(Reply(status: part.status, data: EncodedValue(part.data)), for: part.id)
        case .ack(let id): received(ack: id)
        case .ack2(let id): duplicates.remove(id)
        // Brokers send commands of others to named components too. A component does not route, so it only answers them
        // (protocol.md §8).
        case .admin(let part): send(.response(.init(id: part.id, status: .ok)), on: link)
        case .identity, .unregister, .register, .attestation, .ping, .close:
            logger.debug("ignored a message that a broker does not send")
        }
    }
}
