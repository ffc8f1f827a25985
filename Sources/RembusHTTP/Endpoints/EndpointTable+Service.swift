import NIOCore
import NIOHTTP1
import RembusBroker
import RembusMetrics
import RembusWire

/// What the door says about itself and the broker.
extension EndpointTable {
    static let service: [Endpoint] = [
        Endpoint(.GET, "/", "index", "What there is") { endpoint in
            endpoint.isOpen = true
            endpoint.answer = .json("names and paths")
        } serve: { exchange, _ in
            exchange.respond(json: index(exchange))
        },
        Endpoint(.GET, "/healthz", "health", "Whether the process lives") { endpoint in
            endpoint.isOpen = true
            endpoint.answer = .json("`{\"status\": \"ok\"}`")
        } serve: { exchange, _ in
            exchange.respond(json: ["status": "ok"], headers: [("cache-control", "no-store")])
        },
        Endpoint(.GET, "/readyz", "readiness", "Whether the broker takes requests") { endpoint in
            endpoint.isOpen = true
            endpoint.answer = .json(
                "`{\"status\": \"ready\"}`; with 503 `status` is `not ready`, and `reasons` says why")
            endpoint.failures = [503]
        } serve: { exchange, _ in
            let reasons = exchange.office.host.unreadyReasons
            exchange.respond(
                reasons.isEmpty ? .ok : .serviceUnavailable, json: readiness(reasons),
                headers: [("cache-control", "no-store")])
        },
        Endpoint(.GET, "/metrics", "metrics", "Metrics for Prometheus") { endpoint in
            endpoint.answer = .text("text/plain; version=0.0.4; charset=utf-8")
        } serve: { exchange, _ in
            exchange.desk.clerk(for: exchange) { clerk in
                if case .failure(let failure) = clerk { return exchange.fail(failure) }
                let (office, eventLoop) = (exchange.office, exchange.desk.eventLoop)
                let bound = NIOLoopBound(exchange, eventLoop: eventLoop)
                office.host.background.run {
                    await office.host.collectMetrics()
                    let text = office.metrics.text()
                    eventLoop.execute {
                        bound.value.respond(
                            .ok, "text/plain; version=0.0.4; charset=utf-8", ByteBuffer(string: text))
                    }
                }
            }
        },
        Endpoint(.GET, "/openapi.json", "openapi", "This document") { endpoint in
            endpoint.isOpen = true
            endpoint.answer = .json("an OpenAPI 3.1 document")
        } serve: { exchange, _ in
            exchange.respond(.ok, MediaRange.json, exchange.office.openAPI)
        },
    ]

    private static func readiness(_ reasons: [UnreadyReason]) -> Value {
        guard !reasons.isEmpty else { return ["status": "ready"] }
        return [
            "status": "not ready",
            // Every failure has a sentence under this name.
            "error": .text(reasons.map(\.sentence).joined(separator: "; ")),
            "reasons": .array(
                reasons.map { .map(["reason": .text($0.rawValue), "text": .text($0.sentence)]) }),
        ]
    }

    private static func index(_ exchange: Exchange) -> Value {
        let endpoints = standard.endpoints.map { endpoint -> Value in
            .text("\(endpoint.method.rawValue) \(endpoint.path.text): \(endpoint.summary)")
        }
        return [
            "broker": .text(exchange.desk.host.configuration.name),
            "version": .text(RembusVersion.current),
            "endpoints": .array(endpoints),
            "reserved": .array(standard.words.map { .text($0) }),
            "hint": "a topic that is a reserved word is reached by /rpc/{topic} and /publish/{topic}",
        ]
    }
}
