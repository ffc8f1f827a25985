#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension ArrayData {
    /// Whether two arrays of the same type and length have the same values in all rows.
    func hasSameValues(as other: ArrayData) -> Bool {
        if self === other { return true }
        // Numbers without nulls are compared as memory, which can only say yes: there are two zeros and many NaNs.
        if case .fixed(let width) = layout, validity == nil, other.validity == nil, layout == other.layout,
            memcmp(values.base + offset * width, other.values.base + other.offset * width, length * width) == 0
        {
            return true
        }
        return (0..<length).allSatisfy { cell($0).isSame(as: other.cell($0)) }
    }
}

extension Cell {
    /// Equality that takes NaN for equal to itself.
    func isSame(as other: Cell) -> Bool {
        switch (self, other) {
        case (.double(let left), .double(let right)): left == right || left.isNaN && right.isNaN
        case (.float(let left), .float(let right)): left == right || left.isNaN && right.isNaN
        case (.list(let left), .list(let right)):
            left.count == right.count && zip(left, right).allSatisfy { $0.isSame(as: $1) }
        case (.structure(let left), .structure(let right)):
            left.count == right.count
                && zip(left, right).allSatisfy { $0.name == $1.name && $0.value.isSame(as: $1.value) }
        case (.map(let left), .map(let right)):
            left.count == right.count
                && zip(left, right).allSatisfy { $0.key.isSame(as: $1.key) && $0.value.isSame(as: $1.value) }
        default: self == other
        }
    }
}
