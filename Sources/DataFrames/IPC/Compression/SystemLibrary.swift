#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A library of the system that may be missing. The handle is constant and stays valid, hence unchecked.
struct SystemLibrary: @unchecked Sendable {
    // Sendable, because the handle is never closed and only looked up in.
    private let handle: UnsafeMutableRawPointer

    /// Loads the library `name`, whose first version of the interface is `version`; nil if there is none.
    init?(_ name: String, version: Int) {
        #if canImport(Darwin)
        let files = ["\(name).\(version).dylib", "\(name).dylib"]
        let candidates = files + files.flatMap { ["/opt/homebrew/lib/\($0)", "/usr/local/lib/\($0)"] }
        #else
        let candidates = ["\(name).so.\(version)", "\(name).so"]
        #endif
        guard let handle = candidates.lazy.compactMap({ dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first else { return nil }
        self.handle = handle
    }

    /// The function `name`; `type` must be its type.
    func function<Function>(_ name: String, as type: Function.Type) -> Function? {
        dlsym(handle, name).map { unsafeBitCast($0, to: Function.self) }
    }
}
