package import NIOCore
import Synchronization

/// Decides at the accept, before TLS and HTTP cost anything, whether a connection may go on; and counts refusals.
///
/// One for all listeners of a broker, used from any thread. A limit of zero or less does not limit.
package final class ConnectionAdmission: Sendable {
    /// The right to one connection; given back when it is closed.
    package struct Ticket: Sendable {
        fileprivate let key: AddressKey?
    }

    private struct State {
        var open = 0
        /// Only addresses with open connections, so never more than `maxConnections` entries.
        var perAddress: [AddressKey: Int] = [:]
        var bucket: TokenBucket?
        var refusals: [ConnectionRefusal: Int] = [:]
    }

    private let maxConnections: Int
    private let maxPerAddress: Int
    private let state: Mutex<State>

    /// - Parameters:
    ///   - maxConnections: open connections in all, those in a handshake included.
    ///   - maxPerAddress: open connections of one IPv4 address or one IPv6 /64 network.
    ///   - handshakesPerSecond: connections accepted per second; after a quiet second as many at once.
    package init(maxConnections: Int, maxPerAddress: Int, handshakesPerSecond: Int) {
        self.maxConnections = maxConnections
        self.maxPerAddress = maxPerAddress
        let bucket = handshakesPerSecond > 0 ? TokenBucket(rate: handshakesPerSecond, now: .now()) : nil
        state = Mutex(State(bucket: bucket))
    }

    /// A ticket for a connection that was just accepted, or why it is refused, which is counted.
    package func admit(
        _ address: SocketAddress?, now: NIODeadline = .now()
    ) -> Result<Ticket, ConnectionRefusal> {
        let key = AddressKey(address)
        return state.withLock { state in
            if let refusal = check(&state, key, now) {
                state.refusals[refusal, default: 0] += 1
                return .failure(refusal)
            }
            state.open += 1
            if let key { state.perAddress[key, default: 0] += 1 }
            return .success(Ticket(key: key))
        }
    }

    /// The rate comes last, so that an address which is over its limit does not use up what others may have.
    private func check(_ state: inout State, _ key: AddressKey?, _ now: NIODeadline) -> ConnectionRefusal? {
        if maxConnections > 0, state.open >= maxConnections { return .tooManyConnections }
        if maxPerAddress > 0, let key, state.perAddress[key, default: 0] >= maxPerAddress {
            return .tooManyFromAddress
        }
        if state.bucket?.take(now: now) == false { return .tooManyPerSecond }
        return nil
    }

    /// Gives a ticket back: its connection is closed.
    package func release(_ ticket: Ticket) {
        state.withLock { state in
            state.open -= 1
            guard let key = ticket.key, let count = state.perAddress[key] else { return }
            state.perAddress[key] = count > 1 ? count - 1 : nil
        }
    }

    /// Counts a connection that was turned away after it had been admitted.
    package func count(_ refusal: ConnectionRefusal) {
        state.withLock { $0.refusals[refusal, default: 0] += 1 }
    }

    /// Open connections, those in a handshake included.
    package var openConnections: Int { state.withLock { $0.open } }

    /// How many connections were turned away since the start, by reason.
    package var refusals: [ConnectionRefusal: Int] { state.withLock { $0.refusals } }
}

extension ConnectionRefusal: Error {}
