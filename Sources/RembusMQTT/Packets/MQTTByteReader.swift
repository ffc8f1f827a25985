import NIOCore
import RembusSupport
import RembusWire

/// Reads the parts of one packet, and not beyond its end.
struct MQTTByteReader {
    private(set) var bytes: ByteBuffer

    init(_ bytes: ByteBuffer) { self.bytes = bytes }

    var count: Int { bytes.readableBytes }
    var isAtEnd: Bool { bytes.readableBytes == 0 }

    static let truncated = MQTTProtocolError.malformed("the packet ends too early")

    mutating func byte() throws(MQTTProtocolError) -> UInt8 {
        guard let value = bytes.readInteger(as: UInt8.self) else { throw Self.truncated }
        return value
    }

    mutating func short() throws(MQTTProtocolError) -> UInt16 {
        guard let value = bytes.readInteger(as: UInt16.self) else { throw Self.truncated }
        return value
    }

    mutating func long() throws(MQTTProtocolError) -> UInt32 {
        guard let value = bytes.readInteger(as: UInt32.self) else { throw Self.truncated }
        return value
    }

    /// A number of up to 28 bits in as few bytes as possible.
    mutating func variable() throws(MQTTProtocolError) -> Int {
        var (value, shift) = (0, 0)
        while true {
            let byte = try byte()
            value |= Int(byte & 0x7F) << shift
            if byte < 0x80 {
                guard byte != 0 || shift == 0 else {
                    throw .malformed("a length is written with more bytes than needed")
                }
                return value
            }
            shift += 7
            guard shift < 28 else { throw .malformed("a length has more than four bytes") }
        }
    }

    mutating func data() throws(MQTTProtocolError) -> ByteBuffer {
        try slice(Int(try short()))
    }

    mutating func slice(_ count: Int) throws(MQTTProtocolError) -> ByteBuffer {
        guard let slice = bytes.readSlice(length: count) else { throw Self.truncated }
        return slice
    }

    mutating func text() throws(MQTTProtocolError) -> String {
        let length = Int(try short())
        guard length <= count else { throw Self.truncated }
        let text = bytes.withUnsafeReadableBytes { bytes in
            Self.text(UnsafeRawBufferPointer(rebasing: bytes[..<length]))
        }
        bytes.moveReaderIndex(forwardBy: length)
        guard let text else { throw .malformed("a text is not UTF-8 or has a NUL in it") }
        return text
    }

    /// nil for bytes that MQTT does not allow in a text (§1.5.4).
    static func text(_ bytes: UnsafeRawBufferPointer) -> String? {
        guard UTF8Check.isValid(bytes), !bytes.contains(0) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    mutating func packetID() throws(MQTTProtocolError) -> UInt16 {
        let id = try short()
        guard id != 0 else { throw .violation("a packet identifier is 0") }
        return id
    }

    mutating func qos(_ bits: UInt8) throws(MQTTProtocolError) -> MQTTQoS {
        guard let qos = MQTTQoS(rawValue: bits) else { throw .malformed("QoS 3 does not exist") }
        return qos
    }

    mutating func reason(_ allowed: Set<MQTTReason>) throws(MQTTProtocolError) -> MQTTReason {
        let reason = MQTTReason(rawValue: try byte())
        guard allowed.contains(reason) else { throw .violation("a reason code does not belong to its packet") }
        return reason
    }

    func expectEnd() throws(MQTTProtocolError) {
        guard isAtEnd else { throw .malformed("bytes follow the content of the packet") }
    }
}
