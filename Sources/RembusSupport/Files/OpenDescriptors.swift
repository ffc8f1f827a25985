#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The descriptors that this process has open.
package enum OpenDescriptors {
    /// Those that are open now, for a command that is about to be started and must not inherit them: a socket would stay open
    /// as long as the command runs. One that is closed meanwhile does no harm there. Blocks for a moment.
    package static var all: [Int32] {
        guard let folder = opendir("/dev/fd") else { return [] }
        defer { closedir(folder) }
        var found: [Int32] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) {
                    String(cString: $0)
                }
            }
            if let number = Int32(name) { found.append(number) }
        }
        return found
    }
}
