package import NIOCore
import RembusWire

/// Converts the arguments of a publication to the payload of an MQTT message and back.
///
/// Byte strings, and payloads that are not JSON, are passed without parsing. Other arguments are JSON (behaviour.md
/// §10).
package enum MQTTPayload {
    /// The content type of JSON payloads.
    package static let json = "application/json"
    /// The content type of bytes, so that bytes that look like JSON stay bytes.
    package static let octets = "application/octet-stream"
    /// The user property of a JSON array that is one argument.
    package static let oneArgument = (name: "rembus-arguments", value: "1")

    /// The name of the user property by which linked brokers that are bridged to one server recognise a publication.
    package static let identity = "rembus-publication"

    /// JSON with deeper nesting is not parsed, so that the arguments fit in a message.
    private static let limits = DecodingLimits(maxDepth: 60)
}

// MARK: From MQTT

extension MQTTPayload {
    /// Appends the arguments of a payload as a CBOR array.
    ///
    /// A JSON array contains the arguments, other JSON is one argument, and an empty payload means none. A payload that
    /// is not JSON, by its bytes or by its content type, is one byte string.
    package static func writeArguments(
        of payload: ByteBuffer, contentType: String? = nil, isOneArgument: Bool = false, into buffer: inout ByteBuffer
    ) {
        guard payload.readableBytes > 0 else {
            buffer.writeInteger(0x80 as UInt8)
            return
        }
        guard mayBeJSON(payload, contentType) else { return writeBytes(payload, into: &buffer) }
        let start = buffer.writerIndex
        let isJSON = payload.withUnsafeReadableBytes { bytes in
            (try? buffer.writeCBORArguments(ofJSON: bytes, isOneArgument: isOneArgument, limits: limits)) != nil
        }
        if isJSON { return }
        buffer.moveWriterIndex(to: start)
        writeBytes(payload, into: &buffer)
    }

    /// Appends the arguments of a message.
    package static func writeArguments(
        of payload: ByteBuffer, _ properties: MQTTProperties, into buffer: inout ByteBuffer
    ) {
        guard !properties.isEmpty else { return writeArguments(of: payload, into: &buffer) }
        let isOneArgument = properties.userProperties.contains { $0 == oneArgument }
        writeArguments(
            of: payload, contentType: properties.contentType, isOneArgument: isOneArgument, into: &buffer)
    }

    /// Appends a payload as one byte string in a CBOR array.
    package static func writeBytes(_ payload: ByteBuffer, into buffer: inout ByteBuffer) {
        buffer.writeInteger(0x81 as UInt8)
        buffer.writeCBORBytes(payload)
    }

    /// Whether a payload may be JSON, by its content type and its first and last byte that are not blank.
    package static func mayBeJSON(_ payload: ByteBuffer, _ contentType: String?) -> Bool {
        if let contentType, !isJSON(contentType: contentType) { return false }
        return payload.withUnsafeReadableBytes { bytes in
            guard let first = bytes.first(where: { !isBlank($0) }), let last = bytes.last(where: { !isBlank($0) })
            else { return false }
            switch first {
            case UInt8(ascii: "{"): return last == UInt8(ascii: "}")
            case UInt8(ascii: "["): return last == UInt8(ascii: "]")
            case UInt8(ascii: "\""): return last == UInt8(ascii: "\"")
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return isDigit(last)
            case UInt8(ascii: "t"), UInt8(ascii: "f"): return last == UInt8(ascii: "e")
            case UInt8(ascii: "n"): return last == UInt8(ascii: "l")
            default: return false
            }
        }
    }

    /// Whether the content type is `application/json`, `application/…+json` or `text/json`, with or without parameters.
    package static func isJSON(contentType: String) -> Bool {
        let type = contentType.prefix { $0 != ";" }.lowercased()
        let bare = type.drop { $0 == " " }.split(separator: " ").first ?? ""
        return bare == "application/json" || bare == "text/json" || bare.hasSuffix("+json")
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
