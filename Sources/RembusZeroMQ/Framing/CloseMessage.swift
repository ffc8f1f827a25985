import NIOCore
import RembusTransport
import RembusWire

/// The Close message (protocol.md §12).
///
/// That of a component contains only its type. A broker that ends a connection sends one with the code and the reason
/// of a WebSocket close behind the type, where other receivers ignore them. ZeroMQ itself does not report the end of a
/// connection.
enum CloseMessage {
    static let type: UInt8 = 15

    /// The header that a component sends.
    static let plain: [UInt8] = [0x81, type]

    /// The header that a broker sends.
    static func header(_ reason: LinkCloseReason) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeCBORHead(.array, 3)
        buffer.writeCBORHead(.unsigned, UInt64(type))
        buffer.writeCBORHead(.unsigned, UInt64(reason.code))
        buffer.writeCBORText(reason.text)
        return buffer
    }

    /// The code and the reason in a broker's Close message; nil for other messages.
    static func reason(in message: UnsafeRawBufferPointer) -> LinkCloseReason? {
        guard message.count >= 2, message[0] & 0xE0 == 0x80, message[1] == type else { return nil }
        var reason = LinkCloseReason(code: 1000, text: "", isRemote: true)
        guard let elements = try? Value(cbor: ByteBuffer(bytes: message)).arrayValue else { return reason }
        if elements.count > 1, let code = elements[1].uintValue { reason.code = UInt16(clamping: code) }
        if elements.count > 2, let text = elements[2].stringValue { reason.text = text }
        return reason
    }
}
