/// The route of a connection's last publication, because the next one often goes to the same topic.
struct LastRoute {
    private(set) var route: Route?
    /// Whether the component may publish along the route, whose topic can be published to.
    private(set) var isAllowed = true

    mutating func note(_ route: Route, isAllowed: Bool) { (self.route, self.isAllowed) = (route, isAllowed) }

    /// Makes the next publication look up its route and check its right again.
    mutating func forget() { route = nil }
}
