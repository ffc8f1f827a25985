import NIOHTTP1

/// All endpoints, and finding the endpoint of a request.
///
/// A path whose first segment is a word of the table belongs to the endpoints of that word. Any other path with one
/// segment is a topic. Topics that are words are reached with `/rpc/…` and `/publish/…`.
struct EndpointTable: Sendable {
    static let standard = EndpointTable(
        topics + components + administration + [jsonRPC, events, lastValue] + service)

    let endpoints: [Endpoint]
    private let byWord: [String: [Endpoint]]
    private let ofTopics: [Endpoint]
    private let ofRoot: [Endpoint]

    init(_ endpoints: [Endpoint]) {
        self.endpoints = endpoints
        byWord = Dictionary(grouping: endpoints.filter { $0.path.word != nil }) { $0.path.word ?? "" }
        ofTopics = endpoints.filter { $0.path.word == nil && !$0.path.parts.isEmpty }
        ofRoot = endpoints.filter(\.path.parts.isEmpty)
    }

    /// The first segments that have a special meaning.
    var words: [String] { byWord.keys.sorted() }

    func dispatch(_ exchange: Exchange) {
        let segments = exchange.target?.segments ?? []
        guard let first = segments.first else {
            return choose(ofRoot.map { ($0, [:]) }, exchange)
        }
        if let endpoints = byWord[first] {
            let matches = endpoints.compactMap { endpoint in
                endpoint.path.match(segments).map { (endpoint, $0) }
            }
            guard matches.isEmpty else { return choose(matches, exchange) }
            let known = Set(endpoints.map { "\($0.method.rawValue) \($0.path.text)" }).sorted()
            return exchange.fail(
                .noRoute(
                    "there is no such path; below /\(first) there is \(known.joined(separator: ", ")). A topic of this name is reached by /rpc/\(first) and /publish/\(first)"
                ))
        }
        guard segments.count == 1, !first.isEmpty else {
            let topic = segments.joined(separator: "/")
            return exchange.fail(
                .noRoute(
                    "there is no such path; for a topic with slashes use /rpc/\(topic) or /publish/\(topic), or write them as %2F"
                ))
        }
        // This shortcut is for the most frequent requests.
        for endpoint in ofTopics where endpoint.method == exchange.method {
            return endpoint.answer(exchange, Endpoint.Match(endpoint: endpoint, parameters: ["topic": first]))
        }
        choose(ofTopics.map { ($0, ["topic": first]) }, exchange)
    }

    private func choose(_ matches: [(endpoint: Endpoint, parameters: [String: String])], _ exchange: Exchange) {
        let wanted = exchange.method == .HEAD ? .GET : exchange.method
        if let match = matches.first(where: { $0.endpoint.method == wanted }),
            exchange.method != .HEAD || match.endpoint.allowsHead
        {
            if let objection = Endpoint.objection(to: match.parameters, exchange.pool.limits) {
                return exchange.fail(.malformed(objection))
            }
            return match.endpoint.answer(
                exchange, Endpoint.Match(endpoint: match.endpoint, parameters: match.parameters))
        }
        var allowed: [HTTPMethod] = []
        for match in matches where !allowed.contains(match.endpoint.method) {
            allowed.append(match.endpoint.method)
            if match.endpoint.allowsHead { allowed.append(.HEAD) }
        }
        allowed.append(.OPTIONS)
        guard exchange.method == .OPTIONS else { return exchange.fail(.wrongMethod(allowed: allowed)) }
        exchange.respond(
            .noContent,
            headers: [("allow", allowed.map(\.rawValue).joined(separator: ", "))]
                + exchange.environment.crossSite.preflight(exchange.crossOrigin, methods: allowed))
    }
}

extension Endpoint {
    var allowsHead: Bool {
        if case .events = answer { return false }
        return method == .GET
    }
}
