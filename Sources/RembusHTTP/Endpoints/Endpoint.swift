import NIOHTTP1
import RembusBroker
import RembusWire

/// One operation of the HTTP interface: its method and path, its handler and its documentation.
///
/// Requests are dispatched with the same entries that the OpenAPI document is made from, so that the document matches
/// the behaviour.
struct Endpoint: Sendable {
    /// The form of the body.
    enum Body: Sendable {
        case none
        /// The arguments of a message, in any form.
        case arguments
        /// A JSON object with these members, required ones first.
        case object([Member])
        case jsonRPC
    }

    /// The form of a successful answer.
    enum Answer: Sendable {
        case empty
        case result
        case json(String)
        case text(String)
        case events
    }

    struct Query: Sendable {
        let name: String
        let schema: Value
        let text: String
    }

    let method: HTTPMethod
    let path: PathTemplate
    let name: String
    let summary: String
    var text = ""
    var query: [Query] = []
    var body = Body.none
    var answer = Answer.empty
    /// The statuses of failures that are specific to this endpoint.
    var failures: [Int] = []
    /// Whether no identity is required, in authenticated mode too.
    var isOpen = false
    var takesAdministrator = false
    let serve: @Sendable (Exchange, Match) -> Void

    /// A request with its endpoint.
    struct Match {
        let endpoint: Endpoint
        let parameters: [String: String]

        var topic: String { parameters["topic"] ?? "" }
        subscript(name: String) -> String { parameters[name] ?? "" }
    }

    init(
        _ method: HTTPMethod, _ path: String, _ name: String, _ summary: String,
        _ configure: (inout Endpoint) -> Void = { _ in },
        serve: @escaping @Sendable (Exchange, Match) -> Void
    ) {
        self.method = method
        self.path = PathTemplate(path)
        self.name = name
        self.summary = summary
        self.serve = serve
        configure(&self)
    }

    /// Serves a request, unless the broker is about to stop.
    func answer(_ exchange: Exchange, _ match: Match) {
        guard isOpen || !exchange.environment.host.isStopping else { return exchange.fail(.stopping) }
        if let query = exchange.target?.query, !query.isEmpty, let objection = objection(toQuery: query.map(\.name)) {
            return exchange.fail(.malformed(objection))
        }
        serve(exchange, match)
    }

    /// What is wrong with the names in a query; nil when nothing is. A name that is misspelt or given twice is an
    /// error, so that it is not silently ignored.
    func objection(toQuery names: [String]) -> String? {
        let known = query.map(\.name)
        for (index, name) in names.enumerated() {
            guard known.contains(name) else {
                let guess = Spelling.question(name, in: known)
                let list = known.isEmpty ? "none" : known.joined(separator: ", ")
                return "there is no query parameter \(name.debugDescription)\(guess.isEmpty ? ";" : guess) "
                    + "\(method.rawValue) \(path.text) takes \(list)"
            }
            guard !names[..<index].contains(name) else { return "the query parameter \(name) is given twice" }
        }
        return nil
    }
}
