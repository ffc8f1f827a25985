import NIOHTTP1
import RembusBroker
import RembusWire

/// One thing that can be asked for: how it is asked, what answers, and what the documentation says.
///
/// Requests are dispatched by the same entries that the OpenAPI document is made of, so that it cannot say anything else.
struct Endpoint: Sendable {
    /// What the body is.
    enum Body: Sendable {
        case none
        /// The arguments of a message, in any form.
        case arguments
        /// A JSON object with these members; required ones first.
        case object([Member])
        case jsonRPC
    }

    /// What a good answer is.
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
    /// Statuses of failures that this endpoint has besides those that all have.
    var failures: [Int] = []
    /// Whether everybody may ask, in authenticated mode too.
    var isOpen = false
    var takesAdministrator = false
    let serve: @Sendable (Exchange, Match) -> Void

    /// A request that has found its endpoint.
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

    /// Serves a request that has found this endpoint, unless the broker is about to stop.
    func answer(_ exchange: Exchange, _ match: Match) {
        guard isOpen || !exchange.environment.host.isStopping else { return exchange.fail(.stopping) }
        if let query = exchange.target?.query, !query.isEmpty, let objection = objection(toQuery: query.map(\.name)) {
            return exchange.fail(.malformed(objection))
        }
        serve(exchange, match)
    }

    /// What is wrong with the names in a query; nil when nothing is. One that is misspelt, or there twice, must not count for
    /// nothing in silence.
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
