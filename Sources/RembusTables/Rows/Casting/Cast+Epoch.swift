import NIOCore
import RembusWire

/// What the numbers in a column of times count, from 1970 on.
package enum EpochUnit: String, Sendable, CaseIterable {
    case seconds = "s"
    case milliseconds = "ms"
    case microseconds = "us"
    case nanoseconds = "ns"

    /// The places of a nanosecond behind the point.
    fileprivate var places: Int {
        switch self {
        case .seconds: 9
        case .milliseconds: 6
        case .microseconds: 3
        case .nanoseconds: 0
        }
    }
}

extension Cast {
    /// Stages a number, also one in text, as the time that it counts; nil for what is none.
    static func stage(
        _ scalar: CBORScalar, countedIn unit: EpochUnit, as type: ColumnType, into column: ColumnBuffer
    ) -> CastResult? {
        let number: DecimalText?
        switch scalar {
        case .unsigned(let value): number = DecimalText(isNegative: false, mantissa: UInt128(value), exponent: 0)
        case .negative(let complement):
            number = DecimalText(isNegative: true, mantissa: UInt128(complement) + 1, exponent: 0)
        case .float(let value):
            guard value.isFinite else { return .outOfRange }
            // The digits that a person would write: 0.3 seconds are 300 milliseconds.
            number = DecimalText(text: value.description)
        case .text(let bytes): number = DecimalText(bytes)
        case .other(let item):
            guard let value = try? Value(cbor: ByteBuffer(bytes: item)) else { return nil }
            switch value {
            case .bigInteger(let integer): number = DecimalText(text: integer.description)
            default: number = value.decimalText.flatMap(DecimalText.init(text:))
            }
        case .null, .bool, .bytes: number = nil
        }
        guard let number else { return nil }
        guard let magnitude = number.magnitude(scale: unit.places), magnitude < 1 << 100 else { return .outOfRange }
        let nanoseconds = number.isNegative ? -Int128(magnitude) : Int128(magnitude)
        return instant(Instant(seconds: 0, nanoseconds: nanoseconds), as: type, column)
    }
}

extension DecimalText {
    init?(text: String) {
        var text = text
        guard let number = text.withUTF8({ DecimalText(UnsafeRawBufferPointer($0)) }) else { return nil }
        self = number
    }
}
