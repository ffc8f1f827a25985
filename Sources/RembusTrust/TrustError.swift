#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Why rights cannot be read or changed: a sentence that also says what to do where something can be done.
package struct TrustError: Error, Sendable, Hashable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }

    /// - Parameter errno: The system's error number, whose text is added.
    init(_ description: String, errno: Int32) {
        self.description = "\(description): \(String(cString: strerror(errno)))"
    }
}
