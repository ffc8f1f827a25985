/// What a gateway says about the clients that its sessions are for: where they differ from components of Rembus.
package struct SessionTraits: Sendable {
    /// Whose subscriptions the session has; nil for those of components.
    package var namespace: SubscriptionNamespace?
    /// Whether clients choose how many deliveries may be unacknowledged, with ``GatewaySession/openWindow(to:)``: who then
    /// takes no more is not slow, as long as the connection does.
    package var choosesWindow = false

    package init(namespace: SubscriptionNamespace? = nil, choosesWindow: Bool = false) {
        self.namespace = namespace
        self.choosesWindow = choosesWindow
    }
}
