import RembusStore
import RembusTrust
package import RembusWire

/// Subscriptions in the namespace of a gateway. They have options that commands of components lack.
extension GatewaySession {
    /// How a subscription is served.
    package struct SubscriptionOptions: Sendable {
        /// The highest QoS of a delivery. Publications at a higher one are delivered at this one.
        package var highestQoS: QoS
        /// Whether the client also gets what it publishes itself.
        package var hearsOwn: Bool
        /// Whether publications wait for the client while it is disconnected. Not in a group, where other members get
        /// them.
        package var isKept: Bool
        /// Passed back with each delivery.
        package var tag: Int

        package init(highestQoS: QoS = .exactlyOnce, hearsOwn: Bool = false, isKept: Bool = false, tag: Int = 0) {
            self.highestQoS = highestQoS
            self.hearsOwn = hearsOwn
            self.isKept = isKept
            self.tag = tag
        }
    }

    /// The outcome of a request to subscribe.
    package enum SubscriptionOutcome: Sendable {
        case subscribed(isNew: Bool)
        case denied
        case unusable
        case tooMany
    }

    /// Subscribes, or changes the options of a subscription. Nothing that was published before is delivered.
    ///
    /// - Parameter own: The text as the client knows it, without the prefix of the namespace.
    package func subscribe(own: String, _ options: SubscriptionOptions) -> SubscriptionOutcome {
        guard let namespace = session.traits.namespace else { return .unusable }
        return session.subscribe(own, in: namespace, options)
    }

    /// Ends a subscription. Returns whether there was one.
    package func unsubscribe(own: String) -> Bool {
        guard let known = subscription(own) else { return false }
        session.unsubscribe(known.topic)
        return true
    }

    /// Sets the options of a subscription that an earlier connection has made. Returns false when there is none.
    package func resume(own: String, _ options: SubscriptionOptions) -> Bool {
        guard let known = subscription(own) else { return false }
        session.apply(options, to: known)
        return true
    }

    /// The client's subscriptions, without the prefix of the namespace.
    package var ownSubscriptions: [String] {
        session.state.subscriptions.values.filter { $0.namespace != nil }.map(\.shown)
    }

    /// Deletes the client's subscriptions and unacknowledged deliveries.
    package func forgetClient() {
        for subscription in session.state.subscriptions.values where subscription.namespace != nil {
            session.unsubscribe(subscription.topic)
        }
        session.state.forgetClient()
    }

    /// Whether subscriptions and deliveries are deleted when the connection ends.
    package var isTransient: Bool {
        get { session.state.isTransient }
        set {
            guard session.state.isTransient != newValue else { return }
            session.state.isTransient = newValue
            session.changed()
        }
    }

    func subscription(_ own: String) -> Subscription? {
        session.traits.namespace.flatMap { session.state.subscriptions[ExactText($0.text(of: own))] }
    }
}

extension Session {
    fileprivate func subscribe(
        _ own: String, in namespace: SubscriptionNamespace, _ options: GatewaySession.SubscriptionOptions
    ) -> GatewaySession.SubscriptionOutcome {
        let text = namespace.text(of: own)
        let meaning = namespace.meaning(of: text)
        guard isUsable(meaning.topic) else { return .unusable }
        if let known = state.subscriptions[ExactText(text)] {
            apply(options, to: known)
            changed()
            return .subscribed(isNew: false)
        }
        guard meaning.pattern != nil || may(.subscribe, meaning.topic) else {
            deny(.subscribe, meaning.topic)
            return .denied
        }
        guard state.subscriptions.count < limits.maxSubscriptions, noRoom(subscribing: [text]) == nil else {
            return .tooMany
        }
        let now = Array(repeating: core.clock.wall(), count: core.store.partitionCount)
        let subscription = Subscription(topic: text, messageFrom: 0, marks: now, in: namespace)
        apply(options, to: subscription)
        state.subscriptions[ExactText(text)] = subscription
        changed()
        tables.subscribe(self, state, subscription)
        report(.subscribed(own))
        return .subscribed(isNew: true)
    }

    fileprivate func apply(_ options: GatewaySession.SubscriptionOptions, to subscription: Subscription) {
        subscription.highestQoS = options.highestQoS
        subscription.hearsOwn = options.hearsOwn
        subscription.tag = options.tag
        subscription.messageFrom = options.isKept && subscription.share == nil ? .infinity : 0
    }
}
