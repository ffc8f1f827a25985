import RembusBroker
import RembusWire

/// A size of memory in text form: bytes, or a number with KiB, MiB, GiB, TiB (kB, MB, GB, TB for powers of ten).
package struct MemorySize {
    package let bytes: Int

    /// nil for a text that is not a size, and for a size that is too large, or too small for a broker. 0 lets the
    /// broker choose.
    package init?(argument: String) {
        let text = argument.trimmingPrefix(while: \.isWhitespace)
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text[digits.endIndex...].filter { !$0.isWhitespace }.lowercased()
        guard let number = Int(digits), let factor = Self.units[unit] else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
        guard !overflow, Self.isUsable(bytes) else { return nil }
        self.bytes = bytes
    }

    static func isUsable(_ bytes: Int) -> Bool {
        bytes == 0 || (MemoryPlan.smallestLimit...(1 << 46)).contains(bytes)
    }

    private static let units = [
        "": 1, "b": 1, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40, "k": 1 << 10, "m": 1 << 20,
        "g": 1 << 30, "t": 1 << 40, "kb": 1000, "mb": 1_000_000, "gb": 1_000_000_000, "tb": 1_000_000_000_000,
    ]
}

extension BrokerSettings {
    static let memoryKey = Key(
        name: "memory_limit", variable: "REMBUS_MEMORY_LIMIT", read: { .integer(Int64($0.memoryLimit)) },
        write: { value, configuration in
            let bytes =
                value.stringValue.flatMap { MemorySize(argument: $0)?.bytes }
                ?? number(value).flatMap { Int(exactly: $0) }.flatMap { MemorySize.isUsable($0) ? $0 : nil }
            if let bytes { configuration.memoryLimit = bytes }
            return bytes != nil
        },
        expects: "0, or at least \(MemoryPlan.smallestLimit) bytes, also written as 256MiB or 4GiB")
}
