/// Why a connection could not be made, in words without names of types.
package struct ConnectFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds of failure that callers distinguish.
    package enum Kind: Sendable, Equatable {
        /// There is no listener at the address.
        case refused
        /// Any other failure.
        case other
    }

    /// The address: `host:port`.
    package var place: String
    package var kind: Kind
    /// The reason and, where possible, what to do. It begins in lower case and has no full stop.
    package var reason: String

    package init(_ place: String, _ reason: String, kind: Kind = .other) {
        self.place = place
        self.kind = kind
        self.reason = reason
    }

    /// A failure for an error of the network. Texts of unexpected errors are for a log, and not part of the reason.
    package init(_ place: String, _ error: any Error) {
        if let failure = error as? ConnectFailure {
            self = failure
            return
        }
        let problem = NetworkProblem(error)
        self.init(place, problem.reason, kind: problem == .refused ? .refused : .other)
    }

    package init(insecure place: String, _ cause: TLSFailure) {
        self.init(place, "no secure connection: \(cause)")
    }

    package var description: String { "cannot connect to \(place): \(reason)" }

    /// The failure as a sentence: what `url` is, why, and what to do. `server` is what should listen there, such as `a
    /// broker`.
    package func sentence(_ url: String, server: String, start: String?) -> String {
        guard kind == .refused else { return "Cannot connect to \(url): \(reason)." }
        let hint = start.map { " Start one with `\($0)`." } ?? ""
        return "Cannot connect to \(url): \(reason); is \(server) running?\(hint)"
    }
}

/// The address of a server in error messages.
package enum DialedPlace {
    /// `hub:8338`, or the path of a Unix socket.
    package static func text(_ host: String, _ port: Int) -> String {
        host.hasPrefix("/") ? host : "\(host):\(port)"
    }
}
