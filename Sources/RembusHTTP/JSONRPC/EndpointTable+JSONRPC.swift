import DataFrames
import NIOCore
import NIOHTTP1
import RembusBroker
import RembusWire

/// JSON-RPC 2.0 by `POST /`: a request with an id is a call, one without a publication (behaviour.md §17).
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
        exchange.desk.clerk(for: exchange) { clerk in
            switch clerk {
            case .failure(let failure): exchange.fail(failure)
            case .success(let clerk): run(exchange, clerk)
            }
        }
    }

    private static func run(_ exchange: Exchange, _ clerk: Clerk) {
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
        guard let body = exchange.body, body.readableBytes > 0 else {
            return exchange.respond(json: JSONRPCError(.invalidRequest, "invalid JSON: empty content").json)
        }
        var limits = exchange.desk.decodingLimits
        limits.maxDepth = 60
        let value: Value
        do throws(WireError) {
            value = try Value(json: body, limits: limits)
        } catch {
            return exchange.respond(json: JSONRPCError(.parse, "invalid JSON: \(error)").json)
        }
        guard case .array(let requests) = value else {
            return JSONRPCBatch([value], isBatch: false, exchange).run(clerk)
        }
        guard !requests.isEmpty else {
            return exchange.respond(json: JSONRPCError(.invalidRequest, "the batch is empty").json)
        }
        guard requests.count <= exchange.desk.limits.maxCalls else {
            return exchange.respond(
                json: JSONRPCError(
                    .invalidRequest, "a batch has at most \(exchange.desk.limits.maxCalls) requests"
                ).json)
        }
        JSONRPCBatch(requests, isBatch: true, exchange).run(clerk)
    }
}

/// The requests of one body and what has become of them so far.
final class JSONRPCBatch {
    private let requests: [Value]
    private let isBatch: Bool
    private let exchange: Exchange
    private var answers: [ByteBuffer?]
    private var open: Int
    /// Bytes of the answers so far.
    private var total = 0

    init(_ requests: [Value], isBatch: Bool, _ exchange: Exchange) {
        self.requests = requests
        self.isBatch = isBatch
        self.exchange = exchange
        answers = Array(repeating: nil, count: requests.count)
        open = requests.count
    }

    func run(_ clerk: Clerk) {
        for (index, request) in requests.enumerated() {
            do throws(JSONRPCError) {
                run(try JSONRPCCall(request), clerk, index)
            } catch {
                done(index, error.isSilent ? nil : error.json)
            }
        }
    }

    private func run(_ call: JSONRPCCall, _ clerk: Clerk, _ index: Int) {
        let arguments = Arguments.values(call.arguments)
        guard let id = call.id else {
            // Nobody is told what becomes of it.
            return clerk.publish(call.method, arguments, qos: .atMostOnce) { _ in self.done(index, nil) }
        }
        clerk.call(call.method, arguments) { outcome in
            if case .answered(.methodNotFound, _) = outcome, let direct = call.direct {
                return clerk.call(direct.method, target: direct.target, arguments) { second in
                    // A slash may just be part of a name that nobody exposes.
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

    private func answer(to id: Value, _ outcome: Clerk.Outcome) -> Value {
        switch outcome {
        case .acknowledged: JSONRPCCall.answer(.null, to: id)
        case .failed(let failure): JSONRPCError(failure, id: id).json
        case .answered(let status, let data):
            if let value = try? Value(cbor: data, limits: exchange.desk.decodingLimits) {
                status == .ok
                    ? JSONRPCCall.answer(value, to: id) : JSONRPCError(HTTPFailure(status, value), id: id).json
            } else {
                JSONRPCError(.server, "the result cannot be read", id: id, status: .error).json
            }
        }
    }

    private func done(_ index: Int, _ answer: Value?) {
        if let answer {
            var buffer = ByteBuffer()
            answer.encodeJSON(into: &buffer, frames: DataFrame.writeRows(ofArrow:into:))
            if total + buffer.readableBytes > exchange.desk.limits.maxMessageBytes, isBatch {
                // Many small requests must not become any amount of memory.
                buffer.clear()
                JSONRPCError(
                    .server, "the answers to this batch are too long", id: answer["id"], status: .error
                ).json.encodeJSON(into: &buffer)
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
