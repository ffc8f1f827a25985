import NIOCore
import RembusWire

extension ByteBuffer {
    /// Bytes from hexadecimal digits.
    init(hex: some StringProtocol) {
        let digits = hex.compactMap { $0.hexDigitValue.map(UInt8.init) }
        self.init(bytes: stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
    }

    /// The readable bytes in hexadecimal.
    var hex: String {
        readableBytesView.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension Value {
    /// The CBOR form.
    var cbor: ByteBuffer {
        var buffer = ByteBuffer()
        encodeCBOR(into: &buffer)
        return buffer
    }

    init(hex: some StringProtocol) throws {
        try self.init(cbor: ByteBuffer(hex: hex))
    }

    static func bytes(hex: String) -> Value { .bytes(ByteBuffer(hex: hex)) }
}

extension Message {
    /// The CBOR form.
    var cbor: ByteBuffer {
        var buffer = ByteBuffer()
        encodeCBOR(into: &buffer)
        return buffer
    }

    /// The JSON form as a value.
    func json(_ dialect: JSONDialect = .python) throws -> Value {
        var buffer = ByteBuffer()
        encodeJSON(into: &buffer, dialect: dialect)
        return try Value(json: buffer)
    }

    init(json text: String) throws {
        var dialect = JSONDialect()
        try self.init(json: ByteBuffer(string: text), dialect: &dialect)
    }
}

extension MessageID {
    /// The id of the vectors of protocol.md §14.
    static let vector = MessageID(littleEndian: 578_437_695_752_307_201)
}
