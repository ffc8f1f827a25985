/// The route of a connection's last publication, because the next one often goes to the same topic.
struct LastRoute {
    private(set) var route: Route?
    /// Whether the component may publish along it, under a topic that can be published to.
    private(set) var isAllowed = true

    mutating func note(_ route: Route, isAllowed: Bool) { (self.route, self.isAllowed) = (route, isAllowed) }

    /// Has the next publication look for its route, and for the right to it, again.
    mutating func forget() { route = nil }
}
