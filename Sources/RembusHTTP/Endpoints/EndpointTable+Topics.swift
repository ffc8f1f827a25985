import NIOCore
import NIOHTTP1
import RembusBroker
import RembusWire

/// Calls and publications.
extension EndpointTable {
    static let topics: [Endpoint] = [
        Endpoint(.GET, "/{topic}", "call", "Call a method", describeCall, serve: call),
        Endpoint(.POST, "/{topic}", "publish", "Publish on a topic", describePublication, serve: publish),
        Endpoint(
            .POST, "/rpc/{topic}", "callByPost", "Call a method whose name may have slashes", describeCall, serve: call),
        Endpoint(.GET, "/rpc/{topic}", "callByGet", "The same by GET", describeCall, serve: call),
        Endpoint(
            .POST, "/publish/{topic}", "publishByPath", "Publish on a topic that may have slashes", describePublication,
            serve: publish),
    ]

    @Sendable private static func describeCall(_ endpoint: inout Endpoint) {
        endpoint.text =
            "The arguments are the elements of a JSON array, one other JSON value, or none; in the body or as `args`. "
            + "A body of Arrow or CSV is one dataframe. The result is JSON; a dataframe is an array of row objects, or "
            + "Arrow or CSV if `Accept` asks for it; bytes are base64 text, or raw as application/octet-stream."
        endpoint.query = [
            Endpoint.Query(
                name: "args", schema: ["type": "string"], text: "the arguments as JSON, instead of a body"),
            Endpoint.Query(
                name: "target", schema: ["type": "string", "minLength": 1],
                text: "the component that is to answer, instead of any that exposes the method"),
            Endpoint.Query(
                name: "timeout", schema: ["type": "number", "exclusiveMinimum": 0],
                text: "seconds to wait for the answer, `request_timeout` by default and `max_request_timeout` at most"),
        ]
        endpoint.body = .arguments
        endpoint.answer = .result
        endpoint.failures = [404, 406, 413, 415, 429, 502, 503, 504]
    }

    @Sendable private static func describePublication(_ endpoint: inout Endpoint) {
        endpoint.text =
            "With `qos` 1 or 2 the answer comes when the broker has stored the publication. Arguments as for a call."
        endpoint.query = [
            Endpoint.Query(
                name: "qos", schema: ["type": "integer", "enum": [0, 1, 2]], text: "quality of service, 0 by default"),
            Endpoint.Query(
                name: "args", schema: ["type": "string"], text: "the arguments as JSON, instead of a body"),
        ]
        endpoint.body = .arguments
        endpoint.failures = [413, 415, 429, 503, 504]
    }

    @Sendable private static func call(_ exchange: Exchange, _ match: Endpoint.Match) {
        let arguments: Arguments
        let format: ResultFormat
        let timeout: UInt64?
        do throws(HTTPFailure) {
            timeout = try exchange.timeout()
            format = try ResultFormat(of: exchange)
            // A table knows the types of its columns. Inferred types could lose digits.
            arguments = try Arguments(of: exchange, infersTypes: !match.topic.hasPrefix("upsert_"))
        } catch {
            return exchange.fail(error)
        }
        exchange.asIdentity { identity in
            identity.call(
                match.topic, target: exchange.target?.first("target"), arguments, timeout: timeout, from: exchange
            ) { outcome in
                exchange.respond(outcome, format)
            }
        }
    }

    @Sendable private static func publish(_ exchange: Exchange, _ match: Endpoint.Match) {
        let arguments: Arguments
        let qos: QoS
        do throws(HTTPFailure) {
            arguments = try Arguments(of: exchange)
            qos = try exchange.qos()
        } catch {
            return exchange.fail(error)
        }
        exchange.asIdentity { identity in
            identity.publish(match.topic, arguments, qos: qos, from: exchange) { outcome in
                switch outcome {
                case .failed(let failure): exchange.fail(failure)
                case .answered(let status, let data) where status != .ok: exchange.fail(status, data)
                case .acknowledged, .answered: exchange.respond()
                }
            }
        }
    }
}

extension Exchange {
    fileprivate func qos() throws(HTTPFailure) -> QoS {
        switch target?.first("qos") {
        case nil, "0": return .atMostOnce
        case "1": return .atLeastOnce
        case "2": return .exactlyOnce
        case let other?: throw .malformed("qos must be 0, 1 or 2, not \(other)")
        }
    }

    /// How long the caller waits, in milliseconds; nil when it sets no limit.
    fileprivate func timeout() throws(HTTPFailure) -> UInt64? {
        guard let text = target?.first("timeout") else { return nil }
        guard let seconds = Double(text), seconds > 0, seconds.isFinite else {
            throw .malformed("timeout must be a number of seconds above zero, not \(text)")
        }
        return UInt64(exactly: (seconds * 1000).rounded(.up)) ?? .max
    }

    /// Answers with the outcome of a call.
    func respond(_ outcome: IdentitySession.Outcome, _ format: ResultFormat) {
        switch outcome {
        case .failed(let failure): fail(failure)
        case .acknowledged: respond()
        case .answered(.ok, let data):
            do throws(HTTPFailure) {
                let result = try format.render(data, limits: pool.decodingLimits)
                respond(.ok, result.type, result.body)
            } catch {
                fail(error)
            }
        case .answered(let status, let data): fail(status, data)
        }
    }

    /// Answers with a status of the broker other than 0, and its data.
    fileprivate func fail(_ status: StatusCode, _ data: AnswerData) {
        fail(HTTPFailure(status, (try? data.value(limits: pool.decodingLimits)) ?? .null))
    }
}

extension IdentityPool {
    var decodingLimits: DecodingLimits {
        var decoding = DecodingLimits.standard
        decoding.maxBytes = limits.maxMessageBytes
        return decoding
    }
}
