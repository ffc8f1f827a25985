package import NIOCore
import RembusSupport
import Synchronization

/// Decides when a connection is accepted, before the work of TLS and HTTP, whether it may continue; and counts
/// refusals.
///
/// One object serves all listeners of a broker, on any thread. A limit of zero or less means no limit.
package final class ConnectionAdmission: Sendable {
    /// The right to one connection, which is returned when the connection is closed.
    package struct Ticket: Sendable {
        fileprivate let key: AddressKey?
    }

    private struct State {
        var maxConnections: Int
        var maxPerAddress: Int
        /// Proxies with the connections of many clients. These count for each client, where it is known.
        var proxies = TrustedProxies.none
        var open = 0
        /// The most connections that the process has file descriptors for.
        var descriptors = Int.max
        /// Addresses with open connections, so there are never more than `maxConnections` entries.
        var perAddress: [AddressKey: Int] = [:]
        var bucket: TokenBucket?
        var refusals: [ConnectionRefusal: Int] = [:]
    }

    private let state: Mutex<State>

    /// - Parameters:
    ///   - maxConnections: The most open connections in all, including those in a handshake.
    ///   - maxPerAddress: The most open connections of one IPv4 address or one IPv6 /64 network.
    ///   - handshakesPerSecond: The most connections per second, and at once after a second without any.
    package init(maxConnections: Int, maxPerAddress: Int, handshakesPerSecond: Int) {
        let bucket = handshakesPerSecond > 0 ? TokenBucket(rate: handshakesPerSecond, now: .now()) : nil
        state = Mutex(State(maxConnections: maxConnections, maxPerAddress: maxPerAddress, bucket: bucket))
    }

    /// Replaces the limits. Open connections stay, even if there are more than allowed now.
    package func limit(
        maxConnections: Int, maxPerAddress: Int, handshakesPerSecond: Int
    ) {
        let bucket = handshakesPerSecond > 0 ? TokenBucket(rate: handshakesPerSecond, now: .now()) : nil
        state.withLock { state in
            (state.maxConnections, state.maxPerAddress) = (maxConnections, maxPerAddress)
            if state.bucket?.rate != bucket?.rate { state.bucket = bucket }
        }
    }

    /// Sets the proxies whose connections do not count for their own address, see ``claim(_:for:)``.
    package func trust(_ proxies: TrustedProxies) {
        state.withLock { $0.proxies = proxies }
    }

    /// Returns a ticket for a connection that was just accepted, or the reason of its refusal, which is counted.
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

    /// The rate is checked last, so that an address above its own limit does not use up the rate of others.
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

    /// Counts a proxy's connection, which was admitted without an address, for the client that it is from. The count
    /// ends when the channel closes.
    ///
    /// - Returns: False when the client has as many open connections as allowed. This is counted as a refusal.
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

    /// Sets the most connections that the process has file descriptors for, whatever the other limits are.
    package func limit(toDescriptors count: Int) {
        state.withLock { $0.descriptors = max(count, 1) }
    }

    /// Whether there are descriptors for so many connections besides the admitted ones. If not, a refusal is counted.
    package func hasDescriptors(for others: Int) -> Bool {
        state.withLock { state in
            if state.open + others <= state.descriptors { return true }
            state.refusals[.outOfDescriptors, default: 0] += 1
            return false
        }
    }

    /// Returns a ticket, because its connection is closed.
    package func release(_ ticket: Ticket) {
        state.withLock { $0.open -= 1 }
        if let key = ticket.key { leave(key) }
    }

    /// Counts a connection that was refused after it had been admitted.
    package func count(_ refusal: ConnectionRefusal) {
        state.withLock { $0.refusals[refusal, default: 0] += 1 }
    }

    /// The number of open connections, including those in a handshake.
    package var openConnections: Int { state.withLock { $0.open } }

    /// The number of refused connections since the start, by reason.
    package var refusals: [ConnectionRefusal: Int] { state.withLock { $0.refusals } }
}

extension ConnectionRefusal: Error {}
