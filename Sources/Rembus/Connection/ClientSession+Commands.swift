import Logging
import NIOCore
import RembusTransport

/// The subscriptions and methods of the component, which are sent again on a new connection.
extension ClientSession {
    func add(_ subscription: Subscription) {
        if case .closed = phase { return subscription.queue.removeSource() }
        detach(subscriptions.updateValue(subscription, forKey: subscription.topic))
        recentTopic = nil
        if isReactiveBySubscribing { isReactive = true }
    }

    /// Removes the subscription. With `only` it is not removed if another one has taken its place.
    func removeSubscription(_ topic: String, only: Subscription? = nil) {
        if let only, subscriptions[topic] !== only { return }
        detach(subscriptions.removeValue(forKey: topic))
        recentTopic = nil
    }

    private func detach(_ subscription: Subscription?) {
        guard let queue = subscription?.queue else { return }
        queue.removeSource()
        resumeReading(after: ObjectIdentifier(queue))
    }

    /// The longest replay that any subscription wants. `reactive` limits replay to it (protocol.md §13 D16).
    var longestReplay: Double {
        subscriptions.values.map(\.start.nanoseconds).max() ?? 0
    }

    /// Restores subscriptions and methods after a login. Each topic is sent by itself, because `setup` would make the
    /// broker forget where replay starts (known-defects.md R11).
    func restore(on link: Link) {
        for subscription in subscriptions.values {
            command(subscription.start.command, topic: subscription.topic, on: link)
        }
        for topic in services.keys { command(.expose, topic: topic, on: link) }
        if isReactive {
            command(.reactive(true, messageFrom: longestReplay), topic: Self.configurationTopic, on: link)
        }
    }

    /// The topic of commands about the connection itself (protocol.md §8).
    static let configurationTopic = "__config__"

    private func command(_ command: AdminCommand, topic: String, on link: Link) {
        let id = ids.next()
        let logger = logger
        let call = PendingCall(
            subject: .command(command, topic: topic), deadline: .now() + TimeAmount(bounded: settings.requestTimeout),
            timeout: CallTimeout(nil, setting: settings.requestTimeout),
            completion: .handler { result in
                if case .success(let reply) = result, reply.status == .ok { return }
                logger.warning(
                    "the broker did not restore what it was asked to",
                    metadata: ["command": "\(command.name)", "topic": "\(topic)", "result": "\(Self.outcome(result))"])
            })
        let message = Message.admin(.init(id: MessageID(littleEndian: id), topic: topic, data: command.data))
        begin(call, id: id, message: message, on: link)
    }

    private static func outcome(_ result: Result<Reply, RembusError>) -> String {
        switch result {
        case .success(let reply): "status \(reply.status.rawValue)"
        case .failure(let error): error.message
        }
    }
}
