public import NIOCore

extension Value {
    /// Decodes a JSON text. Of equal keys the last one counts. Integers are exact. Other numbers become floats or, if
    /// they have more digits than a float, decimal fractions (tag 4).
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
    /// Bytes become base64 text, and tagged items their content. Infinities, NaN and undefined become null.
    ///
    /// - Parameters:
    ///   - buffer: The buffer that the UTF-8 text is appended to.
    ///   - pretty: Whether every element gets a line of its own, indented by two spaces.
    ///   - sortedKeys: Whether the members of every object are sorted by key.
    public func encodeJSON(into buffer: inout ByteBuffer, pretty: Bool = false, sortedKeys: Bool = false) {
        JSONWriter(pretty: pretty, sortedKeys: sortedKeys).write(self, into: &buffer)
    }

    /// Appends the value as compact JSON, with all dataframes in it as `frames` writes them.
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
