package import NIOCore

/// Values of a JSON text exactly as they were written, for those that must be returned unchanged. A number of more than
/// 64 bits, or `1.50`, would change when it is read and written again.
package enum JSONLiterals {
    /// The text of the last member `name` of an object or, when the document is an array, of each object in it; nil
    /// where there is none. The array is empty when the text is not JSON within the limits.
    package static func members(_ name: String, of buffer: ByteBuffer, limits: DecodingLimits) -> [String?] {
        buffer.withUnsafeReadableBytes { bytes in
            var reader = JSONReader(bytes, limits: limits)
            return (try? reader.readLiterals(of: name)) ?? []
        }
    }

    /// The same for a document that is one object.
    static func member(_ name: String, of buffer: ByteBuffer, limits: DecodingLimits) -> String? {
        members(name, of: buffer, limits: limits).first ?? nil
    }
}

extension JSONReader {
    fileprivate mutating func readLiterals(of name: String) throws(WireError) -> [String?] {
        skipSpace()
        guard try peek() == UInt8(ascii: "[") else { return [try readLiteral(of: name, depth: 0)] }
        var literals: [String?] = []
        try readList(closedBy: UInt8(ascii: "]"), depth: 0) { reader throws(WireError) in
            literals.append(try reader.readLiteral(of: name, depth: 1))
        }
        return literals
    }

    /// Skips a value.
    private mutating func readLiteral(of name: String, depth: Int) throws(WireError) -> String? {
        guard try peek() == UInt8(ascii: "{") else {
            _ = try readValue(depth: depth)
            return nil
        }
        var found: Range<Int>?
        try readList(closedBy: UInt8(ascii: "}"), depth: depth) { reader throws(WireError) in
            let key = try reader.readString()
            reader.skipSpace()
            try reader.expect(UInt8(ascii: ":"))
            reader.skipSpace()
            let start = reader.position
            _ = try reader.readValue(depth: depth + 1)
            if key == name { found = start..<reader.position }
        }
        return found.map { String(decoding: UnsafeRawBufferPointer(rebasing: bytes[$0]), as: UTF8.self) }
    }
}
