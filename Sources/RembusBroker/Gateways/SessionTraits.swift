/// How the clients of a gateway's sessions differ from components.
package struct SessionTraits: Sendable {
    /// The namespace of their subscriptions; nil for clients that subscribe as components do.
    package var namespace: SubscriptionNamespace?
    /// Whether clients choose how many deliveries may be unacknowledged, with ``GatewaySession/openWindow(to:)``. A
    /// client with a full window is then not regarded as slow while its connection takes more.
    package var choosesWindow = false

    package init(namespace: SubscriptionNamespace? = nil, choosesWindow: Bool = false) {
        self.namespace = namespace
        self.choosesWindow = choosesWindow
    }
}
