/// Why a connection could not be made, in words that name no type of a library.
package struct ConnectFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The failures that callers tell apart.
    package enum Kind: Sendable, Equatable {
        /// Nothing listens there.
        case refused
        /// Everything else.
        case other
    }

    /// What was dialed: `host:port`.
    package var place: String
    package var kind: Kind
    /// Why, and where possible what to do; begins small and has no full stop.
    package var reason: String

    package init(_ place: String, _ reason: String, kind: Kind = .other) {
        self.place = place
        self.kind = kind
        self.reason = reason
    }

    /// What the network said. The text of what nobody foresaw is for a log and not part of the reason.
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

    /// The sentence for people: what `url` is, why, and what to do. `server` is what should run there, as in `a broker`.
    package func sentence(_ url: String, server: String, start: String?) -> String {
        guard kind == .refused else { return "Cannot connect to \(url): \(reason)." }
        let hint = start.map { " Start one with `\($0)`." } ?? ""
        return "Cannot connect to \(url): \(reason); is \(server) running?\(hint)"
    }
}
