#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The memory of this process.
enum ProcessMemory {
    /// The bytes that are in memory now; 0 where the system does not tell.
    static var resident: Int {
        #if os(Linux)
        let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        return withUnsafeTemporaryAllocation(byteCount: 128, alignment: 1) { buffer in
            let count = read(file, buffer.baseAddress, buffer.count)
            guard count > 0 else { return 0 }
            let fields = buffer.prefix(count).split(separator: UInt8(ascii: " "))
            guard fields.count > 1 else { return 0 }
            var pages = 0
            for digit in fields[1] where (0x30...0x39).contains(digit) { pages = pages * 10 + Int(digit - 0x30) }
            return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
        }
        #else
        return 0
        #endif
    }
}
