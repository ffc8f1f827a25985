package import NIOCore
import RembusSupport
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
        var maxConnections: Int
        var maxPerAddress: Int
        /// Proxies that many connections come from; they count per client where that is known.
        var proxies = TrustedProxies.none
        var open = 0
        /// How many connections the process has descriptors for.
        var descriptors = Int.max
        /// Only addresses with open connections, so never more than `maxConnections` entries.
        var perAddress: [AddressKey: Int] = [:]
        var bucket: TokenBucket?
        var refusals: [ConnectionRefusal: Int] = [:]
    }

    private let state: Mutex<State>

    /// - Parameters:
    ///   - maxConnections: open connections in all, those in a handshake included.
    ///   - maxPerAddress: open connections of one IPv4 address or one IPv6 /64 network.
    ///   - handshakesPerSecond: connections accepted per second; after a quiet second as many at once.
    package init(maxConnections: Int, maxPerAddress: Int, handshakesPerSecond: Int) {
        let bucket = handshakesPerSecond > 0 ? TokenBucket(rate: handshakesPerSecond, now: .now()) : nil
        state = Mutex(State(maxConnections: maxConnections, maxPerAddress: maxPerAddress, bucket: bucket))
    }

    /// Replaces the limits; connections that are open stay, also when there are more now than allowed.
    package func limit(
        maxConnections: Int, maxPerAddress: Int, handshakesPerSecond: Int
    ) {
        let bucket = handshakesPerSecond > 0 ? TokenBucket(rate: handshakesPerSecond, now: .now()) : nil
        state.withLock { state in
            (state.maxConnections, state.maxPerAddress) = (maxConnections, maxPerAddress)
            if state.bucket?.rate != bucket?.rate { state.bucket = bucket }
        }
    }

    /// Has connections of these peers not count for their own address, see ``claim(_:for:)``.
    package func trust(_ proxies: TrustedProxies) {
        state.withLock { $0.proxies = proxies }
    }

    /// A ticket for a connection that was just accepted, or why it is refused, which is counted.
    package func admit(
        _ address: SocketAddress?, now: NIODeadline = .now()
    ) -> Result<Ticket, ConnectionRefusal> {
        return state.withLock { state in
            let key = state.proxies.contains(address) ? nil : AddressKey(address)
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
        if state.open >= state.descriptors { return .outOfDescriptors }
        if state.maxConnections > 0, state.open >= state.maxConnections { return .tooManyConnections }
        if isFull(state, key) { return .tooManyFromAddress }
        if state.bucket?.take(now: now) == false { return .tooManyPerSecond }
        return nil
    }

    private func isFull(_ state: State, _ key: AddressKey?) -> Bool {
        guard state.maxPerAddress > 0, let key else { return false }
        return state.perAddress[key, default: 0] >= state.maxPerAddress
    }

    /// Counts a proxy's connection, which was admitted without an address, for the client that it turned out to be from.
    /// Given back when the channel closes.
    ///
    /// - Returns: False when as many connections of the client as allowed are open, which is counted.
    package func claim(_ peer: PeerAddress, for channel: any Channel) -> Bool {
        guard !peer.isProxy, let key = AddressKey(peer.address) else { return true }
        let isAdmitted = state.withLock { state in
            guard !isFull(state, key) else {
                state.refusals[.tooManyFromAddress, default: 0] += 1
                return false
            }
            state.perAddress[key, default: 0] += 1
            return true
        }
        if isAdmitted { channel.closeFuture.whenComplete { _ in self.leave(key) } }
        return isAdmitted
    }

    private func leave(_ key: AddressKey) {
        state.withLock { state in
            guard let count = state.perAddress[key] else { return }
            state.perAddress[key] = count > 1 ? count - 1 : nil
        }
    }

    /// Says how many connections the process has descriptors for, whatever else is allowed.
    package func limit(toDescriptors count: Int) {
        state.withLock { $0.descriptors = max(count, 1) }
    }

    /// Whether there are descriptors for so many connections besides those that are admitted; counts a refusal if not.
    package func hasDescriptors(for others: Int) -> Bool {
        state.withLock { state in
            if state.open + others <= state.descriptors { return true }
            state.refusals[.outOfDescriptors, default: 0] += 1
            return false
        }
    }

    /// Gives a ticket back: its connection is closed.
    package func release(_ ticket: Ticket) {
        state.withLock { $0.open -= 1 }
        if let key = ticket.key { leave(key) }
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
