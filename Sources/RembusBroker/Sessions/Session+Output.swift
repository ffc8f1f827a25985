import DataFrames
import NIOCore
import RembusTransport
import RembusWire

/// Messages to this connection other than publications.
extension Session {
    /// Answers a message of this connection.
    func respond(_ id: MessageID, _ status: StatusCode, _ data: Value) {
        sendMessage(.response(Message.Response(id: id, status: status, data: data)))
    }

    /// The same for an answer that may be large, if there is room for one of its length: false when there is not, and nothing
    /// was sent. Gives its length in any case.
    func respond(
        _ id: MessageID, _ status: StatusCode, _ data: Value, if hasRoom: (Int) -> Bool
    ) -> (isSent: Bool, bytes: Int) {
        let message = Message.response(Message.Response(id: id, status: status, data: data))
        let buffer = encoded(message)
        guard hasRoom(buffer.readableBytes) else { return (false, buffer.readableBytes) }
        send(buffer, of: message)
        return (true, buffer.readableBytes)
    }

    /// Encodes and sends a message in the peer's encoding.
    func sendMessage(_ message: Message) {
        send(encoded(message), of: message)
    }

    private func encoded(_ message: Message) -> ByteBuffer {
        var buffer = ByteBuffer()
        if encoding == .text {
            // JSON peers get dataframes as rows (protocol.md §10).
            message.encodeJSON(into: &buffer, dialect: dialect, frames: DataFrame.writeRows(ofArrow:into:))
        } else {
            message.encodeCBOR(into: &buffer)
        }
        return buffer
    }

    private func send(_ buffer: ByteBuffer, of message: Message) {
        if encoding == .text {
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

    /// Sends an Ack or Ack2.
    func sendAcknowledgement(_ kind: FrameHeader.Kind, _ id: MessageID) {
        if encoding == .text {
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
