import NIOCore
import NIOHTTP1
import RembusBroker
import RembusWire

/// The last value of a topic.
extension EndpointTable {
    static let lastValue = Endpoint(.GET, "/last/{topic}", "lastValue", "The last value of a topic") { endpoint in
        endpoint.text =
            "What was published last on the topic, with its receive time: of topics that the broker's `last_values` names, and "
            + "of those with a retained MQTT message. A JSON object with `topic`, `recv_ts` and `args`; if `Accept` asks for "
            + "it, a dataframe alone as Arrow or CSV, and bytes as application/octet-stream."
        endpoint.answer = .result
        endpoint.failures = [404, 406]
    } serve: { exchange, match in
        let format: ResultFormat
        do throws(HTTPFailure) {
            format = try ResultFormat(of: exchange)
        } catch {
            return exchange.fail(error)
        }
        exchange.asIdentity { identity in
            exchange.respond(identity.lastValue(of: match.topic, from: exchange), match.topic, format)
        }
    }
}

extension IdentitySession {
    fileprivate func lastValue(of topic: String, from exchange: Exchange) -> RequestPort.LastValueAnswer? {
        port?.attribute(to: exchange.findAddress)
        return port?.lastValue(of: topic)
    }
}

extension Exchange {
    fileprivate func respond(_ answer: RequestPort.LastValueAnswer?, _ topic: String, _ format: ResultFormat) {
        switch answer {
        case nil: fail(.leaving)
        case .denied(let text)?: fail(.forbidden(text))
        case .absent?: fail(HTTPFailure(.notFound, "there is no last value of `\(topic)`"))
        case .value(let value)?:
            do throws(HTTPFailure) {
                let result = try format.render(value, limits: pool.decodingLimits)
                respond(.ok, result.type, result.body, headers: [("cache-control", "no-store")])
            } catch {
                fail(error)
            }
        }
    }
}

extension ResultFormat {
    /// The answer with a last value. In a form other than JSON it is the argument alone.
    fileprivate func render(
        _ value: LastValue, limits: DecodingLimits
    ) throws(HTTPFailure) -> (type: String, body: ByteBuffer) {
        let arguments: [Value]
        do throws(WireError) {
            arguments = try value.arguments(limits: limits)
        } catch {
            throw HTTPFailure(.badGateway, "the value cannot be read: \(error)")
        }
        switch arguments.first {
        case .tagged(Value.Tag.dataFrame, _)? where arguments.count == 1, .bytes? where arguments.count == 1:
            let alone = try render(arguments[0])
            if alone.type != MediaRange.json { return alone }
        default: break
        }
        return try render(
            .map(["topic": .text(value.topic), "recv_ts": .text(value.receivedText), "args": .array(arguments)]))
    }
}
