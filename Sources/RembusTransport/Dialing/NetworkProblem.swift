#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import NIOCore
import NIOHTTP1
import NIOPosix

/// Errors of the network or the system, by what a person can do about them.
package enum NetworkProblem: Sendable, Equatable {
    case refused
    case unknownHost
    case unreachable
    case timedOut
    case broken
    case tooManyFiles
    case forbidden
    case notHTTP
    /// Another error that the system has a text for.
    case system(String)
    /// An unexpected error.
    case unexpected

    package init(_ error: any Error) {
        switch error {
        case let error as NIOConnectionError:
            // Every address of the host failed. The first one is the one that the system prefers.
            self = error.connectionErrors.first.map { NetworkProblem($0.error) } ?? .unknownHost
        case let error as IOError: self.init(errno: error.errnoCode)
        case is SocketAddressError, is SocketAddressError.UnknownHost: self = .unknownHost
        case is HTTPParserError: self = .notHTTP
        case let error as ChannelError:
            if case .connectTimeout = error { self = .timedOut } else { self = .broken }
        default: self = .unexpected
        }
    }

    package init(errno code: CInt) {
        switch code {
        case ECONNREFUSED: self = .refused
        case ENETUNREACH, EHOSTUNREACH, ENETDOWN, EADDRNOTAVAIL: self = .unreachable
        case ETIMEDOUT: self = .timedOut
        case ECONNRESET, EPIPE, ECONNABORTED, ENOTCONN: self = .broken
        case EMFILE, ENFILE: self = .tooManyFiles
        case EACCES, EPERM: self = .forbidden
        default: self = .system(strerror(code).map { String(cString: $0) } ?? "error \(code) of the system")
        }
    }

    /// Advice for when the server does not use the protocol of the URL.
    package static let wrongPort = "check scheme and port: ws 8338, tcp 8339, zmq 8340, mqtt 1883"

    /// The reason as a clause without a full stop.
    package var reason: String {
        switch self {
        case .refused: "connection refused"
        case .unknownHost: "the host name cannot be resolved; check its spelling"
        case .unreachable: "there is no route to the host; check the address and the network"
        case .timedOut: "no answer in time; check host, port and firewall"
        case .broken: "the other side ended the connection; \(Self.wrongPort)"
        case .tooManyFiles: "this process may not open more sockets; raise `ulimit -n` or close some"
        case .forbidden: "the system does not allow it; check the firewall and the rights of this process"
        case .notHTTP: "what answers there does not speak WebSocket; \(Self.wrongPort)"
        case .system(let text): text
        case .unexpected:
            "the network failed in an unexpected way; the log of this component has the details at level debug"
        }
    }
}
