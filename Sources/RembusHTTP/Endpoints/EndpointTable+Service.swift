import NIOCore
import NIOHTTP1
import RembusBroker
import RembusMetrics
import RembusWire

/// Endpoints about the gateway and the broker.
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
            let reasons = exchange.environment.host.unreadyReasons
            exchange.respond(
                reasons.isEmpty ? .ok : .serviceUnavailable, json: readiness(reasons),
                headers: [("cache-control", "no-store")])
        },
        Endpoint(.GET, "/metrics", "metrics", "Metrics for Prometheus") { endpoint in
            endpoint.answer = .text("text/plain; version=0.0.4; charset=utf-8")
        } serve: { exchange, _ in
            exchange.asIdentity { _ in
                let (environment, eventLoop) = (exchange.environment, exchange.pool.eventLoop)
                let bound = NIOLoopBound(exchange, eventLoop: eventLoop)
                environment.host.background.run {
                    await environment.host.collectMetrics()
                    let text = environment.metrics.text()
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
            exchange.respond(.ok, MediaRange.json, exchange.environment.openAPI)
        },
    ]

    private static func readiness(_ reasons: [UnreadyReason]) -> Value {
        guard !reasons.isEmpty else { return ["status": "ready"] }
        return [
            "status": "not ready",
            // Every failure has its sentence in this member.
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
            "broker": .text(exchange.pool.host.configuration.name),
            "version": .text(RembusVersion.current),
            "endpoints": .array(endpoints),
            "reserved": .array(standard.words.map { .text($0) }),
            "hint": "a topic that is a reserved word is reached by /rpc/{topic} and /publish/{topic}",
        ]
    }
}
