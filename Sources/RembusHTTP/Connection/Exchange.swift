import NIOCore
import NIOHTTP1
import RembusBroker
import RembusListening
import RembusTransport
import RembusWire

/// One request and its answer. On the connection's event loop.
final class Exchange {
    let head: HTTPRequestHead
    /// nil for one that cannot be read, which ``check()`` says.
    let target: RequestTarget?
    /// Whether the path begins with the prefix of all paths.
    private let isBelowPrefix: Bool
    private(set) var body: ByteBuffer?
    private let handler: HTTPRequestHandler
    private(set) var crossOrigin: CrossSitePolicy.Verdict = .plain
    private var isAnswered = false
    /// Whether the answer is being made, and memory for it expected.
    private var isRunning = false
    /// What a stream does when the client has hung up, or the broker wants to stop.
    var whenOver: (() -> Void)?
    /// What its calls do when the client has hung up before its answer.
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
    /// Whom the request is from, also when a trusted proxy has sent it.
    private(set) lazy var address: String = findAddress()
    /// Finds the address when somebody asks; keeps no body alive.
    var findAddress: () -> String {
        let (listening, headers, peer) = (environment.host.listening, head.headers, handler.peer)
        return { listening.client(of: headers, over: peer).text }
    }
    /// The address without its port.
    var host: String { PeerAddress.host(of: address) }
    var certificate: ClientCertificate? { handler.certificate }
    var method: HTTPMethod { head.method }
    var isHead: Bool { head.method == .HEAD }

    // MARK: The request

    /// What is wrong with a request whose headers alone show it.
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

    /// Takes a piece of the body; false when there is too much of it.
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

    /// The request is complete.
    func serve() {
        guard isBelowPrefix else {
            let prefix = "/" + environment.prefix.joined(separator: "/")
            return fail(.noRoute("there is no such path; those of this broker begin with \(prefix) (`http_prefix`)"))
        }
        // Health and metrics are there to be asked when something is short.
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
        // The client may have gone meanwhile.
        if isAnswered { return noteEnd(answerBytes: 0) }
        EndpointTable.standard.dispatch(self)
    }

    /// Says once that the request is done.
    private func noteEnd(answerBytes: Int) {
        guard isRunning else { return }
        isRunning = false
        pool.ended(answerBytes: answerBytes)
    }

    // MARK: The answer

    private static let noContent: HTTPHeaders = ["content-length": "0"]

    /// Answers with a body of a content type; without one the body is empty.
    func respond(
        _ status: HTTPResponseStatus = .ok, _ contentType: String? = nil, _ body: ByteBuffer? = nil,
        headers extra: [(String, String)] = []
    ) {
        guard !isAnswered else { return }
        let bytes = body?.readableBytes ?? 0
        // It came when there was room, which others have taken meanwhile.
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

    /// No more requests come: a stream ends, an answer that is due still comes.
    func stopStream() {
        whenOver?()
    }

    /// Ends the connection at once, whatever was written.
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
