import NIOHTTP1
import RembusBroker
import RembusWire

/// Publications as server-sent events, for browsers and curl.
extension EndpointTable {
    static let events = Endpoint(.GET, "/events/{pattern}", "events", "Publications as they come") { endpoint in
        endpoint.text =
            "A stream of server-sent events: `event` is the topic, `data` the arguments as a JSON array, `id` a position "
            + "from which `Last-Event-ID` goes on. The pattern may have `*` for one segment and `**` for any number."
        endpoint.query = [
            Endpoint.Query(
                name: "from", schema: ["type": "number", "minimum": 0],
                text: "how many seconds back the stream begins, as far as the broker remembers"),
            Endpoint.Query(
                name: "as", schema: ["type": "string", "enum": ["topic", "message"]],
                text: "`message` makes every event an unnamed one with `{\"topic\": …, \"args\": […]}` as data"),
        ]
        endpoint.answer = .events
        endpoint.failures = [403, 406]
    } serve: { exchange, match in
        let accepted = exchange.head.headers["accept"]
        guard
            accepted.isEmpty
                || MediaRange.all(of: accepted).contains(where: { $0.covers("text/event-stream") })
        else {
            return exchange.fail(HTTPFailure(.notAcceptable, "events are text/event-stream"))
        }
        let form = exchange.target?.first("as") ?? "topic"
        guard form == "topic" || form == "message" else {
            return exchange.fail(.malformed("as must be topic or message, not \(form)"))
        }
        do throws(HTTPFailure) {
            let login = try exchange.pool.login(of: exchange).get()
            var start = try exchange.seconds("from").map { EventPosition.Start.ago($0 * 1e9) } ?? .now
            if let last = exchange.header("last-event-id").flatMap(EventPosition.init) { start = .behind(last.marks) }
            EventStream(exchange, pattern: match.topic, wrapsMessages: form == "message").start(login, from: start)
        } catch {
            exchange.fail(error)
        }
    }
}
