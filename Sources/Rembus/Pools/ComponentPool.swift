public import Logging
import Synchronization

/// One component that is connected to several brokers. It receives from all of them, and sends through one.
///
/// ```swift
/// let pool = try await ComponentPool.connect(["ws://a:8338/c", "ws://b:8338/c"], policy: .roundRobin)
/// ```
/// Subscriptions and methods exist on every broker, and messages of all of them arrive in one sequence. Publications
/// and calls go through one connected member, which the policy chooses. A broker that cannot be reached joins when it
/// is back.
public final class ComponentPool: Messaging {
    /// The components, in the order of the URLs.
    public let members: [Component]

    /// How the member that sends is chosen.
    public let policy: PoolPolicy

    private let lastUsed = Atomic<Int>(-1)

    private init(_ members: [Component], _ policy: PoolPolicy) {
        self.members = members
        self.policy = policy
    }

    /// Connects to all brokers at the same time.
    ///
    /// Throws ``RembusError`` when none can be reached, unless ``ComponentConfiguration/startAnyway`` is set; when a
    /// URL or a setting is invalid; and when a broker refuses the component for good.
    public static func connect(
        _ urls: [String], policy: PoolPolicy = .firstUp,
        configuration: ComponentConfiguration = ComponentConfiguration()
    ) async throws -> ComponentPool {
        guard !urls.isEmpty else { throw RembusError(.invalidURL, "A pool needs at least one URL.") }
        let base = try configuration.resolvedBase()
        let parsed = try urls.map { try RembusURL($0, base: base) }
        let attempts = try await withThrowingTaskGroup(of: (Int, Component, RembusError?).self) { group in
            for (index, url) in parsed.enumerated() {
                group.addTask {
                    let (component, failure) = try await Component.open(url, configuration)
                    return (index, component, failure)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }
        }
        let pool = ComponentPool(attempts.map(\.1), policy)
        let failures = attempts.compactMap(\.2)
        let isUsable = failures.count < attempts.count || attempts[0].1.connection.settings.startAnyway
        if let fatal = failures.first(where: { !$0.isWorthRetrying }) ?? (isUsable ? nil : failures.first) {
            await pool.close()
            throw fatal
        }
        for case (_, let component, _?) in attempts { component.connection.keepReconnecting() }
        return pool
    }

    /// The encoding of outgoing messages.
    public var encoding: MessageEncoding { members[0].encoding }

    /// The logger for errors in callbacks.
    public var callbackLogger: Logger { members[0].callbackLogger }

    /// Closes every member.
    public func close() async {
        await withTaskGroup(of: Void.self) { group in
            for member in members { group.addTask { await member.close() } }
        }
    }

    /// The member that sends the next message.
    private func sender() throws(RembusError) -> Component {
        let connected = members.indices.filter { members[$0].state.isConnected }
        guard let first = connected.first else {
            throw RembusError(
                .notConnected,
                "There is no connection to any broker of the pool at the moment; the components are trying to get one. Retry later."
            )
        }
        switch policy {
        case .firstUp: return members[first]
        case .roundRobin:
            let last = lastUsed.load(ordering: .relaxed)
            let next = connected.first { $0 > last } ?? first
            lastUsed.store(next, ordering: .relaxed)
            return members[next]
        case .lessBusy:
            let counts = connected.map { (index: $0, count: members[$0].inFlightCount) }
            return members[counts.min { $0.count < $1.count }?.index ?? first]
        }
    }
}

extension ComponentPool {
    /// Sends a publication with encoded arguments. `publish` with values, or anything `Encodable`, is easier to use.
    nonisolated(nonsending) public func publish(
        _ topic: String, list: ArgumentList, qos: QoS, slot: UInt32?
    ) async throws {
        try await sender().publish(topic, list: list, qos: qos, slot: slot)
    }

    /// Sends a request with encoded arguments. `call` with values, or anything `Encodable`, is easier to use.
    nonisolated(nonsending) public func request(
        _ topic: String, list: ArgumentList, target: String?, timeout: Duration?
    ) async throws -> EncodedValue {
        try await sender().request(topic, list: list, target: target, timeout: timeout)
    }

    /// Adds a subscription on every member. Programs call `subscribe`, which does this for them.
    public func attach(_ subscription: Subscription) async throws {
        try await onAll { try await $0.attach(subscription) }
    }

    /// Ends the subscription to a topic or pattern. Its sequence ends after the messages that were delivered already.
    ///
    /// Throws ``RembusError`` when a broker refuses. Without a connection the change is sent when there is one again.
    public func unsubscribe(_ topic: String) async throws {
        try await onAll { try await $0.unsubscribe(topic) }
    }

    /// Adds a method on every member. Programs call `expose` with a closure, which does this for them.
    public func attach(_ handler: RequestHandler, to topic: String) async throws {
        try await onAll { try await $0.attach(handler, to: topic) }
    }

    /// Withdraws a method.
    ///
    /// Throws ``RembusError`` when a broker refuses. Without a connection the change is sent when there is one again.
    public func unexpose(_ topic: String) async throws {
        try await onAll { try await $0.unexpose(topic) }
    }

    /// Runs `body` for every member at the same time. The first error is thrown after all have ended.
    private func onAll(_ body: @escaping @Sendable (Component) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for member in members { group.addTask { try await body(member) } }
            var failure: (any Error)?
            while let result = await group.nextResult() {
                if case .failure(let error) = result { failure = failure ?? error }
            }
            if let failure { throw failure }
        }
    }
}

/// How a ``ComponentPool`` chooses the connected member that sends.
public enum PoolPolicy: String, Sendable, Hashable, CaseIterable {
    /// The first in the order of the URLs.
    case firstUp = "first_up"
    /// Each member in turn.
    case roundRobin = "round_robin"
    /// The one with the fewest open calls and acknowledged publications; among equals the first in the order of the
    /// URLs.
    case lessBusy = "less_busy"
}
