public import NIOCore

extension Value {
    /// Decodes a JSON text; of equal keys the last wins. Integers are exact. Other numbers become floats, unless they have
    /// more digits than a float can have: those become decimal fractions (tag 4).
    ///
    /// Throws ``WireError`` when the bytes are not one JSON value within the limits.
    public init(json buffer: ByteBuffer, limits: DecodingLimits = .standard) throws(WireError) {
        self = try limits.withBytes(of: buffer) { bytes throws(WireError) in
            var reader = JSONReader(bytes, limits: limits)
            return try reader.readDocument()
        }
    }

    /// Decodes a JSON text within the standard limits.
    public init(jsonText text: some StringProtocol) throws(WireError) {
        try self.init(json: ByteBuffer(string: String(text)))
    }

    /// Appends the value as JSON.
    ///
    /// Bytes become base64 text and tagged items their content. Infinities, NaN and undefined become null.
    ///
    /// - Parameters:
    ///   - buffer: Where the UTF-8 of the text goes.
    ///   - pretty: Whether every element gets its own line, indented by two spaces.
    ///   - sortedKeys: Whether the members of every object are ordered by key.
    public func encodeJSON(into buffer: inout ByteBuffer, pretty: Bool = false, sortedKeys: Bool = false) {
        JSONWriter(pretty: pretty, sortedKeys: sortedKeys).write(self, into: &buffer)
    }

    /// Appends the value as compact JSON, with dataframes, wherever they are, as `frames` writes them.
    package func encodeJSON(into buffer: inout ByteBuffer, frames: @escaping FrameJSON) {
        JSONWriter(frames: frames).write(self, into: &buffer)
    }

    /// The value as compact JSON, see ``encodeJSON(into:pretty:sortedKeys:)``.
    public var jsonText: String {
        var buffer = ByteBuffer()
        encodeJSON(into: &buffer)
        return String(buffer: buffer)
    }
}
