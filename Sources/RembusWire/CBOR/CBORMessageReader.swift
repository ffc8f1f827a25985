import NIOCore

/// Reads the elements of a message array, each as the type that the protocol gives it.
struct CBORMessageReader {
    private var reader: CBORReader
    /// The number of remaining elements; nil when the array has an indefinite length.
    private var remaining: UInt64?
    private var atEnd = false

    init(_ reader: CBORReader) throws(WireError) {
        self.reader = reader
        var head = try self.reader.readHead()
        while head.major == .tag, head.argument == Value.Tag.selfDescribed { head = try self.reader.readHead() }
        guard head.major == .array else { throw WireError(.invalidMessage, "A message must be an array.") }
        remaining = head.isIndefinite ? nil : head.argument
    }

    /// Advances to the next element. Returns false when there is none.
    private mutating func advance() throws(WireError) -> Bool {
        if atEnd { return false }
        if let remaining {
            atEnd = remaining == 0
            if !atEnd { self.remaining = remaining - 1 }
        } else {
            atEnd = try reader.skipBreak()
        }
        return !atEnd
    }

    /// An element that may be missing.
    mutating func optionalValue() throws(WireError) -> Value? {
        // Not a conditional expression: its `nil` would be the literal of `Value`, which is null.
        guard try advance() else { return nil }
        return try reader.readValue(depth: 1)
    }

    private mutating func value(_ name: String) throws(WireError) -> Value {
        guard let value = try optionalValue() else {
            throw WireError(.invalidMessage, "The message has no \(name).", offset: reader.position)
        }
        return value
    }

    private func unusable(_ name: String, _ expected: String) -> WireError {
        WireError(.invalidMessage, "The \(name) must be \(expected).", offset: reader.position)
    }

    mutating func id() throws(WireError) -> MessageID {
        guard try advance() else {
            throw WireError(.invalidMessage, "The message has no id.", offset: reader.position)
        }
        if let word = try reader.readWord() { return MessageID(littleEndian: word) }
        guard let bytes = try reader.readValue(depth: 1).bytesValue, let id = MessageID(bytes: bytes.readableBytesView)
        else { throw unusable("id", "a byte string of 1 to \(MessageID.maxCount) bytes") }
        return id
    }

    mutating func text(_ name: String) throws(WireError) -> String {
        guard let text = try value(name).stringValue else { throw unusable(name, "a text") }
        return text
    }

    mutating func componentName() throws(WireError) -> String {
        ComponentName.bare(try text("component name"))
    }

    mutating func unsigned(_ name: String) throws(WireError) -> UInt64 {
        guard let number = try value(name).uintValue else { throw unusable(name, "an unsigned integer") }
        return number
    }

    /// Bytes: a public key or a signature. A CBOR message may have a base64 text instead, because the Python package
    /// chooses the form before it knows the encoding of the connection, and its broker accepts both.
    mutating func bytes(_ name: String) throws(WireError) -> ByteBuffer {
        let element = try value(name)
        if let bytes = element.bytesValue { return bytes }
        guard let text = element.stringValue else { throw unusable(name, "a byte string, or base64 in a text") }
        // Any other text is neither a proof nor a key. It gets an answer, so it is no reason to close the connection.
        return Base64.decode(text) ?? ByteBuffer(string: text)
    }

    mutating func target() throws(WireError) -> String? {
        guard let target = try optionalValue(), !target.isNull else { return nil }
        guard let name = target.stringValue else { throw unusable("target", "a text or null") }
        return name
    }

    mutating func meta() throws(WireError) -> [String: UInt64] {
        try Message.meta(from: try optionalValue())
    }

    mutating func arguments() throws(WireError) -> [Value] {
        Message.arguments(from: try optionalValue())
    }

    /// Reads elements that a newer peer may have appended, so that a message that is truncated within them is noticed.
    mutating func skipRest() throws(WireError) {
        while case .some = try optionalValue() {}
    }
}
