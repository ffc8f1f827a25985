extension Cast {
    static func boolean(_ scalar: CBORScalar, _ column: ColumnBuffer) -> CastResult {
        let value: Bool
        switch scalar {
        case .bool(let bool): value = bool
        // Other numbers cannot be represented.
        case .unsigned(let number):
            guard number <= 1 else { return .inexact }
            value = number == 1
        case .negative: return .inexact
        case .float(let number):
            guard number == 0 || number == 1 else { return .inexact }
            value = number == 1
        case .text(let bytes):
            switch String(decoding: bytes.prefix(6), as: UTF8.self).lowercased() {
            case "true", "t", "yes", "y", "1": value = true
            case "false", "f", "no", "n", "0": value = false
            default: return .invalid
            }
        default: return .unsupported
        }
        column.stage(value ? 1 as UInt8 : 0)
        return .added
    }

    static func integer<T: FixedWidthInteger & BitwiseCopyable>(
        _ scalar: CBORScalar, _ type: T.Type, _ column: ColumnBuffer
    ) -> CastResult {
        switch integerValue(scalar, type) {
        case .success(let value):
            column.stage(value)
            return .added
        case .failure(let failure): return failure.result
        }
    }

    private struct Failure: Error {
        let result: CastResult
        static let outOfRange = Failure(result: .outOfRange)
        static let inexact = Failure(result: .inexact)
        static let invalid = Failure(result: .invalid)
        static let unsupported = Failure(result: .unsupported)
    }

    @inline(__always)
    private static func integerValue<T: FixedWidthInteger>(
        _ scalar: CBORScalar, _ type: T.Type
    ) -> Result<T, Failure> {
        switch scalar {
        case .unsigned(let value): return result(T(exactly: value))
        case .negative(let complement):
            guard T.isSigned else { return .failure(.outOfRange) }
            // -1 - n is the complement of n, which fits when n does.
            return result(T(exactly: complement).map { ~$0 })
        case .bool(let value): return .success(value ? 1 : 0)
        case .float(let value):
            guard let whole = T(exactly: value.rounded(.toNearestOrEven)) else { return .failure(.outOfRange) }
            return value == value.rounded() ? .success(whole) : .failure(.inexact)
        case .text(let bytes):
            if T.bitWidth <= 64, let value = NumberText.prefixedInteger(bytes) { return result(T(exactly: value)) }
            guard let number = DecimalText(bytes) else { return .failure(.invalid) }
            guard number.magnitude(scale: 0) != nil else { return .failure(.outOfRange) }
            guard number.fits(scale: 0) else { return .failure(.inexact) }
            guard let magnitude = number.magnitude(scale: 0), let value = T(exactly: magnitude) else {
                // The smallest number has no positive counterpart.
                if number.isNegative, T.isSigned, let magnitude = number.magnitude(scale: 0),
                    magnitude == UInt128(T.min.magnitude)
                {
                    return .success(T.min)
                }
                return .failure(.outOfRange)
            }
            guard number.isNegative else { return .success(value) }
            // A negative number does not fit an unsigned type, even if it rounds to zero.
            guard T.isSigned || number.mantissa == 0 else { return .failure(.outOfRange) }
            return .success(0 &- value)
        default: return .failure(.unsupported)
        }
    }

    @inline(__always)
    private static func result<T>(_ value: T?) -> Result<T, Failure> {
        value.map { .success($0) } ?? .failure(.outOfRange)
    }

    static func double(_ scalar: CBORScalar, _ column: ColumnBuffer) -> CastResult {
        switch scalar {
        case .unsigned(let value): column.stage(Double(value))
        case .negative(let complement): column.stage(Double(Int128(-1) - Int128(complement)))
        case .float(let value): column.stage(value)
        case .bool(let value): column.stage(value ? 1.0 : 0.0)
        case .text(let bytes):
            guard let value = NumberText.double(bytes) else { return .invalid }
            column.stage(value)
        default: return .unsupported
        }
        return .added
    }

    static func float(_ scalar: CBORScalar, _ column: ColumnBuffer) -> CastResult {
        switch scalar {
        case .unsigned(let value): column.stage(Float(value))
        case .negative(let complement): column.stage(Float(Int128(-1) - Int128(complement)))
        case .float(let value):
            let narrow = Float(value)
            guard narrow.isFinite || !value.isFinite else { return .outOfRange }
            column.stage(narrow)
        case .bool(let value): column.stage(value ? 1 as Float : 0)
        case .text(let bytes):
            guard let value = NumberText.float(bytes) else { return .invalid }
            column.stage(value)
        default: return .unsupported
        }
        return .added
    }

    static func decimal(
        _ scalar: CBORScalar, precision: Int, scale: Int, isSigned: Bool = true, _ column: ColumnBuffer
    ) -> CastResult {
        let limit = DecimalText.powersOfTen[precision]
        let factor = DecimalText.powersOfTen[scale]
        let magnitude: UInt128
        var isNegative = false
        switch scalar {
        case .unsigned(let value):
            // At most 2^64 × 10^38, so overflow must be looked for.
            let (product, overflow) = UInt128(value).multipliedReportingOverflow(by: factor)
            guard !overflow else { return .outOfRange }
            magnitude = product
        case .negative(let complement):
            isNegative = true
            let (product, overflow) = (UInt128(complement) + 1).multipliedReportingOverflow(by: factor)
            guard !overflow else { return .outOfRange }
            magnitude = product
        case .bool(let value): magnitude = value ? factor : 0
        case .float(let value):
            switch exactDecimal(value, scale: scale) {
            case .success(let scaled): (magnitude, isNegative) = (scaled, value < 0)
            case .failure(let failure): return failure.result
            }
        case .text(let bytes):
            guard let number = DecimalText(bytes) else { return .invalid }
            guard let scaled = number.magnitude(scale: scale) else { return .outOfRange }
            guard number.fits(scale: scale) else { return .inexact }
            isNegative = number.isNegative
            magnitude = scaled
        default: return .unsupported
        }
        guard magnitude < limit, isSigned || !isNegative || magnitude == 0 else { return .outOfRange }
        let value = isNegative ? 0 - Int128(magnitude) : Int128(magnitude)
        switch column.storage {
        case .int16: column.stage(Int16(truncatingIfNeeded: value))
        case .int32: column.stage(Int32(truncatingIfNeeded: value))
        case .int64: column.stage(Int64(truncatingIfNeeded: value))
        default: column.stage(value)
        }
        return .added
    }

    /// The magnitude of a float times 10^`scale`, as far as its shortest digits have no more places behind the point.
    ///
    /// A single that was widened to a double, as half of all CBOR and Arrow peers do, has the digits of the single.
    private static func exactDecimal(_ value: Double, scale: Int) -> Result<UInt128, Failure> {
        guard value.isFinite else { return .failure(.outOfRange) }
        if value == value.rounded() {
            // A whole number is exact.
            guard value.magnitude < 0x1p128 else { return .failure(.outOfRange) }
            let (product, overflow) = UInt128(value.magnitude).multipliedReportingOverflow(
                by: DecimalText.powersOfTen[scale])
            return overflow ? .failure(.outOfRange) : .success(product)
        }
        let single = Float(value)
        let texts = [value.description] + (Double(single) == value ? [single.description] : [])
        for text in texts {
            var text = text
            let number = text.withUTF8 { DecimalText(UnsafeRawBufferPointer($0)) }
            guard let number, number.fits(scale: scale) else { continue }
            return number.magnitude(scale: scale).map { .success($0) } ?? .failure(.outOfRange)
        }
        return .failure(.inexact)
    }
}
