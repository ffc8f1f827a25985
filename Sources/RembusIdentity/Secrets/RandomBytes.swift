/// Random bytes from the operating system's cryptographic generator.
package enum RandomBytes {
    /// Returns this many bytes; none for a negative count.
    package static func make(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<max(count, 0)).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
