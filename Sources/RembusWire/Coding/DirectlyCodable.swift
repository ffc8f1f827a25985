import NIOCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A type that is encoded as one value, without a container.
package protocol DirectlyCodable {
    /// The value that is encoded.
    var value: Value { get }
    /// Decodes a value; nil when it has another type or is out of range.
    init?(value: Value)
    /// The value that is encoded. Throws for types of which not every instance can be encoded.
    func encodedValue() throws -> Value
    /// Decodes a value; nil when it has another type or is out of range. Throws for types that have more precise
    /// errors.
    static func decoded(from value: Value) throws -> Self?
}

extension DirectlyCodable {
    package func encodedValue() throws -> Value { value }
    package static func decoded(from value: Value) throws -> Self? { Self(value: value) }
}

extension Value: DirectlyCodable {
    package var value: Value { self }
    package init?(value: Value) { self = value }
}

extension Bool: DirectlyCodable {
    package var value: Value { .bool(self) }
    package init?(value: Value) {
        guard let flag = value.boolValue else { return nil }
        self = flag
    }
}

extension String: DirectlyCodable {
    package var value: Value { .text(self) }
    package init?(value: Value) {
        guard let text = value.stringValue else { return nil }
        self = text
    }
}

extension ByteBuffer: DirectlyCodable {
    package var value: Value { .bytes(self) }
    package init?(value: Value) {
        guard let bytes = value.bytesValue else { return nil }
        self = bytes
    }
}

extension Data: DirectlyCodable {
    package var value: Value { .bytes(ByteBuffer(bytes: self)) }
    package init?(value: Value) {
        guard let bytes = value.bytesValue else { return nil }
        self.init(bytes.readableBytesView)
    }
}

extension Date: DirectlyCodable {
    package var value: Value { .tagged(Value.Tag.epochSeconds, .float(timeIntervalSince1970)) }
    package init?(value: Value) {
        switch value {
        case .tagged(Value.Tag.dateText, .text(let text)):
            let formats = [Date.ISO8601FormatStyle(), Date.ISO8601FormatStyle(includingFractionalSeconds: true)]
            guard let date = formats.lazy.compactMap({ try? $0.parse(text) }).first else { return nil }
            self = date
        case .tagged(Value.Tag.epochSeconds, let content):
            guard let seconds = content.doubleValue else { return nil }
            self.init(timeIntervalSince1970: seconds)
        default:
            guard let seconds = value.doubleValue else { return nil }
            self.init(timeIntervalSince1970: seconds)
        }
    }
}

// MARK: - Numbers

extension Double: DirectlyCodable {
    package var value: Value { .float(self) }
    package init?(value: Value) {
        guard let number = value.doubleValue else { return nil }
        self = number
    }
}

extension Float: DirectlyCodable {
    package var value: Value { .float(Double(self)) }
    package init?(value: Value) {
        guard let number = value.doubleValue else { return nil }
        self.init(number)
    }
}

extension DirectlyCodable where Self: FixedWidthInteger {
    package var value: Value {
        if let small = Int64(exactly: self) { return .integer(small) }
        let complement = Magnitude(truncatingIfNeeded: self < 0 ? ~self : self)
        let bytes = (0..<Magnitude.bitWidth / 8).reversed().map { UInt8(truncatingIfNeeded: complement >> ($0 * 8)) }
        return Value(bigInteger: BigInteger(isNegative: self < 0, magnitude: bytes))
    }

    /// An integer in range, or a float without a fraction that is in range, because many peers do not distinguish the
    /// two.
    package init?(value: Value) {
        let number: Self? =
            switch value {
            case .integer(let number): Self(exactly: number)
            case .unsigned(let number): Self(exactly: number)
            case .negative(let complement): Self.isSigned ? Self(exactly: complement).map(~) : nil
            case .float(let number): Self(exactly: number)
            case .bigInteger(let number): Self(exactly: number)
            default: nil
            }
        guard let number else { return nil }
        self = number
    }

    private init?(exactly number: BigInteger) {
        guard number.magnitude.count <= Magnitude.bitWidth / 8, Self.isSigned || !number.isNegative else { return nil }
        let magnitude = number.magnitude.reduce(0 as Magnitude) { $0 << 8 | Magnitude($1) }
        guard let value = Self(exactly: magnitude) else { return nil }
        self = number.isNegative ? ~value : value
    }
}

extension Int: DirectlyCodable {}
extension Int8: DirectlyCodable {}
extension Int16: DirectlyCodable {}
extension Int32: DirectlyCodable {}
extension Int64: DirectlyCodable {}
extension Int128: DirectlyCodable {}
extension UInt: DirectlyCodable {}
extension UInt8: DirectlyCodable {}
extension UInt16: DirectlyCodable {}
extension UInt32: DirectlyCodable {}
extension UInt64: DirectlyCodable {}
extension UInt128: DirectlyCodable {}
