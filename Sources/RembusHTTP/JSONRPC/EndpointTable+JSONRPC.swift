import NIOCore
import NIOHTTP1
import RembusBroker
import RembusWire

/// JSON-RPC 2.0 with `POST /`: a request with an id is a call, and one without is a publication (behaviour.md §17).
extension EndpointTable {
    static let jsonRPC = Endpoint(.POST, "/", "jsonrpc", "JSON-RPC 2.0") { endpoint in
        endpoint.text =
            "An object or a batch. With an `id` a request is a call, without one a publication. Named parameters are one "
            + "map argument. `target/method` calls a method of one component when nobody exposes the whole name. Errors "
            + "of the broker and of providers have the code -32000 and its status in `data.sts`, 42 (nobody exposes the "
            + "method) has -32601."
        endpoint.body = .jsonRPC
        endpoint.answer = .json("the response object, an array of them for a batch, nothing for notifications only")
        endpoint.failures = [413, 415]
    } serve: { exchange, _ in
        exchange.asIdentity { identity in
            run(exchange, identity)
        }
    }

    private static func run(_ exchange: Exchange, _ identity: IdentitySession) {
        if let type = exchange.header("content-type").map(MediaRange.type(of:)),
            ![
                "application/json", "application/json-rpc", "application/jsonrequest", "text/json",
                "application/x-www-form-urlencoded", "",
            ].contains(type)
        {
            return exchange.fail(
                HTTPFailure(
                    .unsupportedMediaType, "JSON-RPC is application/json, not \(type)",
                    headers: [("accept", "application/json")]))
        }
        // An empty body is not a JSON text either (§5.1: -32700).
        guard let body = exchange.body, body.readableBytes > 0 else {
            return refuse(exchange, .parse, "invalid JSON: the body is empty")
        }
        var limits = exchange.pool.decodingLimits
        limits.maxDepth = 60
        let value: Value
        do throws(WireError) {
            value = try Value(json: body, limits: limits)
        } catch {
            return refuse(exchange, .parse, "invalid JSON: \(error)")
        }
        guard case .array(let requests) = value else {
            return JSONRPCBatch([value], of: body, limits, isBatch: false, exchange).run(identity)
        }
        guard !requests.isEmpty else { return refuse(exchange, .invalidRequest, "the batch is empty") }
        let most = exchange.pool.limits.maxCalls
        guard requests.count <= most else {
            return refuse(exchange, .invalidRequest, "a batch has at most \(most) requests")
        }
        JSONRPCBatch(requests, of: body, limits, isBatch: true, exchange).run(identity)
    }

    private static func refuse(_ exchange: Exchange, _ code: JSONRPCError.Code, _ text: String) {
        var buffer = ByteBuffer()
        JSONRPCAnswer.error(JSONRPCError(code, text)).write(into: &buffer)
        exchange.respond(.ok, MediaRange.json, buffer)
    }
}

/// The requests of one body, with their outcomes so far.
final class JSONRPCBatch {
    private let requests: [Value]
    /// The ids as the client has written them, where encoding them would change them.
    private let idLiterals: [String?]
    private let isBatch: Bool
    private let exchange: Exchange
    private var answers: [ByteBuffer?]
    private var open: Int
    /// The bytes of the answers so far.
    private var total = 0

    init(_ requests: [Value], of body: ByteBuffer, _ limits: DecodingLimits, isBatch: Bool, _ exchange: Exchange) {
        self.requests = requests
        let areRepeatable = requests.allSatisfy { $0["id"].map(JSONRPCID.isRepeatable) ?? true }
        idLiterals = areRepeatable ? [] : JSONLiterals.members("id", of: body, limits: limits)
        self.isBatch = isBatch
        self.exchange = exchange
        answers = Array(repeating: nil, count: requests.count)
        open = requests.count
    }

    func run(_ identity: IdentitySession) {
        for (index, request) in requests.enumerated() {
            do throws(JSONRPCError) {
                let literal = index < idLiterals.count ? idLiterals[index] : nil
                run(try JSONRPCCall(request, idLiteral: literal), identity, index)
            } catch {
                done(index, error.isSilent ? nil : .error(error))
            }
        }
    }

    private func run(_ call: JSONRPCCall, _ identity: IdentitySession, _ index: Int) {
        let arguments = Arguments.values(call.arguments)
        guard let id = call.id else {
            // A notification has no answer, so its outcome is ignored.
            return identity.publish(call.method, arguments, qos: .atMostOnce, from: exchange) { _ in
                self.done(index, nil)
            }
        }
        identity.call(call.method, arguments, timeout: call.timeout, from: exchange) { outcome in
            if case .answered(.methodNotFound, _) = outcome, let direct = call.direct {
                return identity.call(
                    direct.method, target: direct.target, arguments, timeout: call.timeout, from: self.exchange
                ) { second in
                    // The slash may be part of the name of a method that nobody exposes.
                    if case .answered(.targetNotFound, _) = second {
                        self.done(index, self.answer(to: id, outcome))
                    } else {
                        self.done(index, self.answer(to: id, second))
                    }
                }
            }
            self.done(index, self.answer(to: id, outcome))
        }
    }

    private func answer(to id: JSONRPCID, _ outcome: IdentitySession.Outcome) -> JSONRPCAnswer {
        switch outcome {
        case .acknowledged: .result(.null, id: id)
        case .failed(let failure): .error(JSONRPCError(failure, id: id))
        case .answered(let status, let data):
            if let value = try? data.value(limits: exchange.pool.decodingLimits) {
                status == .ok ? .result(value, id: id) : .error(JSONRPCError(HTTPFailure(status, value), id: id))
            } else {
                .error(JSONRPCError(.server, "the result cannot be read", id: id, status: .error))
            }
        }
    }

    private func done(_ index: Int, _ answer: JSONRPCAnswer?) {
        if let answer {
            var buffer = ByteBuffer()
            answer.write(into: &buffer)
            if total + buffer.readableBytes > exchange.pool.limits.maxMessageBytes, isBatch {
                // The memory of the answers to many small requests is limited.
                buffer.clear()
                JSONRPCAnswer.error(
                    JSONRPCError(.server, "the answers to this batch are too long", id: answer.id, status: .error)
                ).write(into: &buffer)
            }
            total += buffer.readableBytes
            answers[index] = buffer
        }
        open -= 1
        if open == 0 { respond() }
    }

    private func respond() {
        let given = answers.compactMap { $0 }
        guard !given.isEmpty else { return exchange.respond() }
        guard isBatch else { return exchange.respond(.ok, MediaRange.json, given[0]) }
        var body = ByteBuffer()
        for (index, answer) in given.enumerated() {
            body.writeStaticString(index == 0 ? "[" : ",")
            body.writeImmutableBuffer(answer)
        }
        body.writeStaticString("]")
        exchange.respond(.ok, MediaRange.json, body)
    }
}
