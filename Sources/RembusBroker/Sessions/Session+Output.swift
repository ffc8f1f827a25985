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

    /// Encodes and sends a message in the peer's encoding.
    func sendMessage(_ message: Message) {
        var buffer = ByteBuffer()
        if encoding == .text {
            // JSON peers get dataframes as rows (protocol.md §10).
            message.encodeJSON(into: &buffer, dialect: dialect, frames: DataFrame.writeRows(ofArrow:into:))
            traffic.sent(MessageClass(message), bytes: buffer.readableBytes)
            link.sendText(buffer)
        } else {
            message.encodeCBOR(into: &buffer)
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
