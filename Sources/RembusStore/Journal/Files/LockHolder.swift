#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import RembusSupport

/// Who holds the lock of a file.
package struct LockHolder {
    /// The process as it calls itself; nil when it has not said. In a container it may be another one here.
    package let process: Int32?

    /// For the middle of a sentence: ` (process 4711)`, or nothing.
    package var note: String { process.map { " (process \($0))" } ?? "" }

    /// Looks without taking the lock or making the file; nil when nobody holds it.
    package init?(of path: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // Shared, and let go at once: two that look do not take each other for a holder.
        guard FileLock.take(descriptor, .shared) == .held else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = read(descriptor, &bytes, bytes.count)
        process = Int32(String(decoding: bytes.prefix(max(0, count)).prefix { $0 != 10 }, as: UTF8.self))
    }
}
