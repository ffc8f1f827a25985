import NIOCore
import NIOHTTP1
import RembusBroker
import RembusTrust
import RembusWire

/// Subscriptions and methods of a component, changed by the component itself or by an administrator.
extension EndpointTable {
    static let components: [Endpoint] = [
        command("subscribe", "Subscribe a component to a topic or pattern") { .subscribe(messageFrom: $0) },
        command("unsubscribe", "End a subscription of a component") { _ in .unsubscribe },
        command("expose", "Offer a method of a component") { _ in .expose },
        command("unexpose", "Withdraw a method of a component") { _ in .unexpose },
    ]

    private static func command(
        _ word: String, _ summary: String, _ make: @escaping @Sendable (Double) -> AdminCommand
    ) -> Endpoint {
        Endpoint(.POST, "/\(word)/{topic}/{cid}", word, summary) { endpoint in
            endpoint.text =
                "Needs the identity of the component itself, or an administrator's. "
                + "It counts for the connection that the component has, and for its next ones."
            endpoint.failures = [403]
            if word == "subscribe" {
                endpoint.query = [
                    Endpoint.Query(
                        name: "from", schema: ["type": "number", "minimum": 0],
                        text: "how many seconds back the component wants to hear what it missed; 0 by default")
                ]
            }
        } serve: { exchange, match in
            let seconds: Double
            do throws(HTTPFailure) {
                seconds = try exchange.seconds("from") ?? 0
            } catch {
                return exchange.fail(error)
            }
            perform(make(seconds * 1e9), exchange, match)
        }
    }

    private static func perform(_ command: AdminCommand, _ exchange: Exchange, _ match: Endpoint.Match) {
        let pool = exchange.pool
        exchange.asIdentity { identity in
            guard let principal = identity.principal else { return exchange.fail(.leaving) }
            let name = match["cid"]
            let isAdministrator = pool.host.isAdministrator(principal)
            guard isAdministrator || principal.name.map({ ExactText($0) }) == ExactText(name) else {
                identity.port?.attribute(to: exchange.findAddress)
                identity.port?.deny(command.action, match.topic, for: name)
                return exchange.fail(
                    .forbidden("only \(name) itself and administrators may do this: authenticate as one of them"))
            }
            let bound = NIOLoopBound(exchange, eventLoop: pool.eventLoop)
            pool.host.perform(
                command, topic: match.topic, for: name, isProven: isAdministrator || principal.isProven,
                address: exchange.address, on: pool.eventLoop
            ) { status, data in
                let exchange = bound.value
                if status == .ok { exchange.respond() } else { exchange.fail(HTTPFailure(status, data)) }
            }
        }
    }
}

extension AdminCommand {
    /// The right that a command requires.
    fileprivate var action: TrustAction {
        switch self {
        case .expose, .unexpose: .expose
        default: .subscribe
        }
    }
}

extension Exchange {
    /// A number of seconds in the query; nil when it is not given.
    func seconds(_ name: String) throws(HTTPFailure) -> Double? {
        guard let text = target?.first(name) else { return nil }
        guard let seconds = Double(text), seconds >= 0, seconds.isFinite else {
            throw .malformed("\(name) must be a number of seconds, not \(text)")
        }
        return seconds
    }
}
