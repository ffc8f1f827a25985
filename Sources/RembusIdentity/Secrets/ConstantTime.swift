/// Comparisons whose duration does not depend on the content.
package enum ConstantTime {
    /// Whether the bytes are equal. The time depends on the lengths only, which are not secret.
    @inline(never)
    package static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }
}
