import NIOCore
import NIOHTTP1
import RembusBroker
import RembusListening
import RembusTransport
import RembusWire

/// One request and its answer. Used on the connection's event loop only.
final class Exchange {
    let head: HTTPRequestHead
    /// nil for a target that cannot be parsed, which ``check()`` reports.
    let target: RequestTarget?
    /// Whether the path begins with the configured prefix.
    private let isBelowPrefix: Bool
    private(set) var body: ByteBuffer?
    private let handler: HTTPRequestHandler
    private(set) var crossOrigin: CrossSitePolicy.Verdict = .plain
    private var isAnswered = false
    /// Whether the request is being handled, and memory for its answer is reserved.
    private var isRunning = false
    /// Ends a stream, when the client has closed the connection or the broker is about to stop.
    var whenOver: (() -> Void)?
    /// Cancel calls, when the client has closed the connection before the answer.
    var whenGone: [() -> Void] = []

    init(head: HTTPRequestHead, handler: HTTPRequestHandler) {
        self.head = head
        self.handler = handler
        var target = RequestTarget(head.uri)
        let prefix = handler.environment.prefix
        isBelowPrefix = prefix.isEmpty || target?.strip(prefix) ?? true
        self.target = target
    }

    var environment: HTTPEnvironment { handler.environment }
    var pool: IdentityPool { handler.pool }
    /// The address of the client, which may be behind a trusted proxy.
    private(set) lazy var address: String = findAddress()
    /// Finds the address when it is asked for. It does not keep the body in memory.
    var findAddress: () -> String {
        let (listening, headers, peer) = (environment.host.listening, head.headers, handler.peer)
        return { listening.client(of: headers, over: peer).text }
    }
    /// The client's address without the port.
    var host: String { PeerAddress.host(of: address) }
    var certificate: ClientCertificate? { handler.certificate }
    var method: HTTPMethod { head.method }
    var isHead: Bool { head.method == .HEAD }

    // MARK: The request

    /// Checks the headers. Returns the failure of a request that is refused because of them.
    func check() -> HTTPFailure? {
        let policy = environment.crossSite
        if let objection = head.objection(hosts: policy.hosts) { return HTTPFailure(objection) }
        crossOrigin = policy.verdict(on: head)
        if case .refused(let failure) = crossOrigin { return failure }
        guard target != nil else {
            return .malformed("the path or query is not valid: `%` takes two hexadecimal digits, and text is UTF-8")
        }
        if let length = head.headers.first(name: "content-length").flatMap(Int.init),
            length > pool.limits.maxMessageBytes
        {
            return .tooLarge(pool.limits.maxMessageBytes)
        }
        if let expected = head.headers.first(name: "expect"), expected.lowercased() != "100-continue" {
            return HTTPFailure(.expectationFailed, "only `Expect: 100-continue` is understood")
        }
        return nil
    }

    /// Appends a piece of the body. Returns false when the body is too large.
    func append(_ piece: ByteBuffer, limit: Int) -> Bool {
        guard (body?.readableBytes ?? 0) + piece.readableBytes <= limit else { return false }
        if body == nil {
            body = piece
        } else {
            body?.writeImmutableBuffer(piece)
        }
        return true
    }

    func header(_ name: String) -> String? { head.headers.first(name: name) }

    /// Serves the complete request.
    func serve() {
        guard isBelowPrefix else {
            let prefix = "/" + environment.prefix.joined(separator: "/")
            return fail(.noRoute("there is no such path; those of this broker begin with \(prefix) (`http_prefix`)"))
        }
        // Health checks and metrics are answered even when memory is short.
        guard method == .POST || target?.segments.first == "rpc" else { return EndpointTable.standard.dispatch(self) }
        if pool.requests.begin() { return dispatch() }
        pool.wait {
            self.dispatch()
        } giveUp: {
            self.fail(.noMemory)
        }
    }

    private func dispatch() {
        isRunning = true
        // The client may have closed the connection meanwhile.
        if isAnswered { return noteEnd(answerBytes: 0) }
        EndpointTable.standard.dispatch(self)
    }

    /// Reports the end of the request, once.
    private func noteEnd(answerBytes: Int) {
        guard isRunning else { return }
        isRunning = false
        pool.ended(answerBytes: answerBytes)
    }

    // MARK: The answer

    private static let noContent: HTTPHeaders = ["content-length": "0"]

    /// Answers with a body of a content type. Without a content type the body is empty.
    func respond(
        _ status: HTTPResponseStatus = .ok, _ contentType: String? = nil, _ body: ByteBuffer? = nil,
        headers extra: [(String, String)] = []
    ) {
        guard !isAnswered else { return }
        let bytes = body?.readableBytes ?? 0
        // There was room for the answer when the request began, but other requests have used it since.
        if isRunning, bytes > MemoryBudget.leastRoom, pool.memory.budget.used + bytes > pool.memory.budget.limit {
            noteEnd(answerBytes: 0)
            return fail(.noMemory)
        }
        isAnswered = true
        whenGone = []
        noteEnd(answerBytes: bytes)
        var headers = HTTPHeaders()
        headers.reserveCapacity(4 + extra.count)
        headers.add(name: "date", value: pool.date)
        if status != .noContent { headers.add(name: "content-length", value: String(body?.readableBytes ?? 0)) }
        if let contentType { headers.add(name: "content-type", value: contentType) }
        for (name, value) in extra { headers.add(name: name, value: value) }
        if case .plain = crossOrigin {} else { crossOrigin.write(to: &headers) }
        let answer = HTTPResponseHead(version: head.version, status: status, headers: headers)
        handler.respond(answer, isHead ? nil : body, to: self)
    }

    func respond(_ status: HTTPResponseStatus = .ok, json: Value, headers: [(String, String)] = []) {
        var buffer = ByteBuffer()
        json.encodeJSON(into: &buffer)
        respond(status, "application/json", buffer, headers: headers)
    }

    func fail(_ failure: HTTPFailure) {
        respond(failure.status, json: failure.json, headers: failure.headers)
    }

    // MARK: Streams

    func startStream(_ contentType: String, headers extra: [(String, String)]) {
        guard !isAnswered else { return }
        isAnswered = true
        noteEnd(answerBytes: 0)
        var headers: HTTPHeaders = ["date": pool.date, "content-type": contentType]
        for (name, value) in extra { headers.add(name: name, value: value) }
        crossOrigin.write(to: &headers)
        handler.startStream(HTTPResponseHead(version: head.version, status: .ok, headers: headers), of: self)
    }

    func write(_ piece: ByteBuffer, promise: EventLoopPromise<Void>?) {
        handler.write(piece, of: self, promise: promise)
    }

    func endStream() {
        whenOver = nil
        handler.endStream(of: self)
    }

    /// Whether the client waits for the answer of a call.
    var awaitsCall: Bool { !whenGone.isEmpty && !isAnswered && head.version == .http1_1 }

    /// Called when no further requests will come: a stream ends, but a pending answer is still sent.
    func stopStream() {
        whenOver?()
    }

    /// Ends the connection at once, without waiting for what was written.
    func abort() { handler.giveUpMemory() }

    func clientLeft() {
        if !isAnswered {
            for cancel in whenGone { cancel() }
        }
        whenGone = []
        isAnswered = true
        noteEnd(answerBytes: 0)
        whenOver?()
        whenOver = nil
    }
}
