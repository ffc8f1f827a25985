import DataFrames
import NIOCore
import RembusTransport
import RembusWire

/// Messages to this connection other than deliveries.
extension Session {
    /// Answers a message of this connection.
    func respond(_ id: MessageID, _ status: StatusCode, _ data: Value) {
        guard gateway.answerSink == nil else { return hand(id, status, AnswerData(data)) }
        sendMessage(.response(Message.Response(id: id, status: status, data: data)))
    }

    /// Sends an answer that may be large, if `hasRoom` accepts its length. Returns whether it was sent, and its length
    /// in any case.
    func respond(
        _ id: MessageID, _ status: StatusCode, _ data: Value, if hasRoom: (Int) -> Bool
    ) -> (isSent: Bool, bytes: Int) {
        if gateway.answerSink != nil {
            let answer = AnswerData(data)
            let length = Self.length(ofResponse: id, status, dataLength: answer.encodedLength)
            guard hasRoom(length) else { return (false, length) }
            hand(id, status, answer)
            return (true, length)
        }
        let message = Message.response(Message.Response(id: id, status: status, data: data))
        let buffer = encoded(message)
        guard hasRoom(buffer.readableBytes) else { return (false, buffer.readableBytes) }
        send(buffer, of: message)
        return (true, buffer.readableBytes)
    }

    /// Passes an answer as a value to the gateway's sink. It counts as its frame would.
    func hand(_ id: MessageID, _ status: StatusCode, _ data: AnswerData) {
        guard let answers = gateway.answerSink, let number = id.littleEndianValue else { return }
        traffic.sent(.response, bytes: Self.length(ofResponse: id, status, dataLength: data.encodedLength))
        answers.answered(number, status, data)
        link.enlist()
    }

    private static func length(ofResponse id: MessageID, _ status: StatusCode, dataLength: Int) -> Int {
        2 + FrameWriter.idLength(id) + FrameWriter.headLength(Int(clamping: status.rawValue)) + dataLength
    }

    /// Encodes a message in the peer's encoding and sends it.
    func sendMessage(_ message: Message) {
        send(encoded(message), of: message)
    }

    private func encoded(_ message: Message) -> ByteBuffer {
        var buffer = ByteBuffer()
        if form.encoding == .text {
            // JSON peers get dataframes as rows (protocol.md §10).
            message.encodeJSON(into: &buffer, dialect: form.dialect, frames: DataFrame.writeRows(ofArrow:into:))
        } else {
            message.encodeCBOR(into: &buffer)
        }
        return buffer
    }

    private func send(_ buffer: ByteBuffer, of message: Message) {
        if form.encoding == .text {
            traffic.sent(MessageClass(message), bytes: buffer.readableBytes)
            link.sendText(buffer)
        } else {
            traffic.sent(MessageClass(message), bytes: buffer.readableBytes)
            if buffer.readableBytes >= DeliveryFrame.sharedPayloadBytes {
                return link.sendBinary(prefixLength: 0, payload: buffer) { _ in }
            }
            buffer.withUnsafeReadableBytes { bytes in
                link.sendBinary(length: bytes.count) { target in
                    if let base = bytes.baseAddress { target.copyMemory(from: base, byteCount: bytes.count) }
                }
            }
        }
    }

    /// Acknowledges a publication of this connection that is on the disk.
    @inline(__always)
    func acknowledge(_ id: MessageID) {
        guard let answers = gateway.answerSink else { return sendAcknowledgement(.ack, id) }
        guard let number = id.littleEndianValue else { return }
        traffic.sent(.acknowledgement, bytes: 2 + FrameWriter.idLength(id))
        answers.durable(number)
        link.enlist()
    }

    /// Sends an Ack or Ack2.
    func sendAcknowledgement(_ kind: FrameHeader.Kind, _ id: MessageID) {
        if form.encoding == .text {
            return sendMessage(kind == .ack ? .ack(id) : .ack2(id))
        }
        let length = 2 + FrameWriter.idLength(id)
        traffic.sent(.acknowledgement, bytes: length)
        link.sendBinary(length: length) { target in
            var writer = FrameWriter(target)
            writer.byte(0x82)
            writer.byte(kind.rawValue)
            writer.id(id)
        }
    }
}
