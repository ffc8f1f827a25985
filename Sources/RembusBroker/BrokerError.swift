#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import NIOCore
package import RembusListening

/// Why a broker could not start, in a sentence.
public struct BrokerError: Error, Sendable, CustomStringConvertible {
    /// The sentence: what is wrong and what to do about it.
    public var description: String
    /// Whether the cause is in the settings: they contradict each other or cannot be read. The command then exits with
    /// the status for wrong usage.
    package var isUsage = false

    /// An error with its sentence.
    package init(_ description: String, isUsage: Bool = false) {
        self.description = description
        self.isUsage = isUsage
    }

    /// One error out of several, with a line for each.
    init(_ errors: [BrokerError]) {
        description = errors.map(\.description).joined(separator: "\n")
    }

    package static func cannotListen(_ address: ListenAddress?, option: String, _ error: any Error) -> BrokerError {
        var reason = "\(error)"
        if let failure = error as? IOError {
            switch failure.errnoCode {
            case EADDRINUSE: reason = "the port is in use; stop the other process or choose another \(option)"
            case EACCES: reason = "no permission; ports below 1024 need extra rights"
            case EADDRNOTAVAIL: reason = "this machine has no such address"
            default: break
            }
        } else if error is SocketAddressError {
            reason = "the host name cannot be resolved"
        }
        guard let address else { return BrokerError("\(option): \(reason)") }
        return BrokerError("cannot listen on \(address.text): \(reason)")
    }
}
