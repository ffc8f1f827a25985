import DataFrames
package import NIOCore
package import RembusWire

extension MQTTPayload {
    /// The form of a payload that was made from arguments.
    package enum Written: Sendable, Equatable {
        /// No argument: an empty payload.
        case empty
        /// One byte string: its bytes.
        case bytes
        /// JSON.
        case json
        /// JSON of one argument that is an array. Without the property ``MQTTPayload/oneArgument`` it would be read as
        /// several arguments (known-defects.md R30).
        case jsonArray

        package var contentType: String? {
            switch self {
            case .empty: nil
            case .bytes: MQTTPayload.octets
            case .json, .jsonArray: MQTTPayload.json
            }
        }

        /// Whether the property ``MQTTPayload/oneArgument`` is needed.
        package var isOneArgument: Bool { self == .jsonArray }

        /// The properties that tell an MQTT 5 receiver how to read the payload.
        package var properties: MQTTProperties {
            switch self {
            case .empty: MQTTProperties()
            case .bytes: Self.ofBytes
            case .json: Self.ofJSON
            case .jsonArray: Self.ofArray
            }
        }

        private static let ofBytes = made(.bytes)
        private static let ofJSON = made(.json)
        private static let ofArray = made(.jsonArray)

        private static func made(_ kind: Written) -> MQTTProperties {
            var properties = MQTTProperties()
            properties.contentType = kind.contentType
            if kind.isOneArgument { properties.userProperties = [MQTTPayload.oneArgument] }
            return properties
        }
    }

    /// The bytes of the only argument in an array, if it is a byte string; nil otherwise.
    package static func loneBytes(_ arguments: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        var scanner = CBORScanner(arguments)
        guard let list = scanner.head(), list.major == .array, !list.isIndefinite, list.argument == 1 else {
            return nil
        }
        return scanner.string(.bytes)
    }

    /// Appends the payload of arguments, which are a CBOR array.
    ///
    /// It is empty without arguments, and the bytes of an only byte string. Otherwise it is JSON: of the only argument,
    /// or an array of several. Byte strings in other places become base64 text, and dataframes arrays of row objects.
    /// Returns nil, and appends nothing, when the bytes are not a CBOR array.
    @discardableResult
    package static func write(arguments: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) -> Written? {
        if arguments.count == 1, arguments[0] == 0x80 { return .empty }
        if let bytes = loneBytes(arguments) {
            buffer.writeBytes(bytes)
            return .bytes
        }
        guard let value = try? Value(cbor: ByteBuffer(bytes: arguments)), case .array(let values) = value else {
            return nil
        }
        return write(values, into: &buffer)
    }

    /// Appends the payload of decoded arguments.
    package static func write(_ values: [Value], into buffer: inout ByteBuffer) -> Written {
        guard let first = values.first else { return .empty }
        if values.count > 1 {
            write(json: .array(values), into: &buffer)
            return .json
        }
        switch first {
        case .bytes(let bytes), .tagged(64, .bytes(let bytes)):
            buffer.writeImmutableBuffer(bytes)
            return .bytes
        default: write(json: first, into: &buffer)
        }
        if case .array = first { return .jsonArray }
        return .json
    }

    private static func write(json value: Value, into buffer: inout ByteBuffer) {
        value.encodeJSON(into: &buffer, frames: DataFrame.writeRows(ofArrow:into:))
    }
}
