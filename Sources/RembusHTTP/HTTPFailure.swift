import NIOHTTP1
import RembusBroker
import RembusListening
import RembusWire

/// The failure of a request: an HTTP status, a sentence, and the broker's status if there is one.
struct HTTPFailure: Error {
    var status: HTTPResponseStatus
    var text: String
    var code: StatusCode?
    var headers: [(String, String)]

    init(_ status: HTTPResponseStatus, _ text: String, code: StatusCode? = nil, headers: [(String, String)] = []) {
        self.status = status
        self.text = text
        self.code = code
        self.headers = headers
    }

    var json: Value {
        var map: ValueMap = ["error": .text(text)]
        if let code { map["sts"] = Value(unsigned: code.rawValue) }
        return .map(map)
    }

    /// The failure of a publication to a topic that cannot be published to.
    init(_ objection: TopicObjection, _ topic: String, _ limits: BrokerLimits) {
        let text =
            switch objection {
            case .length(let count): "the topic has \(count) bytes; 1 to \(limits.maxTopicBytes) are allowed"
            case .isPattern: "cannot publish to `\(topic)`: wildcards are for subscribing. Name one topic"
            case .isTooDeep: "the topic has more than \(limits.maxTopicSegments) segments"
            case .isReserved: "cannot publish to `\(topic)`: it is reserved for the broker. Name another topic"
            }
        self = .malformed(text)
    }

    init(_ objection: HTTPObjection) {
        self.init(objection.status, objection.text)
    }

    static func malformed(_ text: String) -> HTTPFailure { HTTPFailure(.badRequest, text) }

    static func tooLarge(_ limit: Int) -> HTTPFailure {
        HTTPFailure(.payloadTooLarge, "the body is longer than \(limit) bytes, which the broker's max_ws_frame allows")
    }

    static let tooSlow = HTTPFailure(.requestTimeout, "the body did not come in time")

    static let leaving = HTTPFailure(
        .serviceUnavailable, "the connection to the broker ended; try again", code: .methodUnavailable,
        headers: [("retry-after", "1")])

    static let stopping = HTTPFailure(
        .serviceUnavailable, "the broker is about to stop and begins nothing new; try again", code: .methodUnavailable,
        headers: [("retry-after", "1")])

    static let busy = HTTPFailure(
        .tooManyRequests, "too many requests wait for an answer; try again later", headers: [("retry-after", "1")])

    static let noMemory = HTTPFailure(
        .serviceUnavailable,
        "too much memory is held for connections that do not read. Try again later; an administrator can raise memory_limit",
        code: .methodUnavailable, headers: [("retry-after", "1")])

    static let noRoom = HTTPFailure(
        .serviceUnavailable,
        "the broker has no room to store publications: its disk does not keep up, or is full. Try again later",
        code: .error, headers: [("retry-after", "1")])

    static let unconfirmed = HTTPFailure(
        .gatewayTimeout, "the broker did not acknowledge the publication in time", code: .timeout)

    static func unauthorized(_ text: String) -> HTTPFailure {
        HTTPFailure(
            .unauthorized, text, headers: [("www-authenticate", "Basic realm=\"rembus\", charset=\"UTF-8\"")])
    }

    static func forbidden(_ text: String) -> HTTPFailure { HTTPFailure(.forbidden, text, code: .error) }

    static func noRoute(_ text: String) -> HTTPFailure { HTTPFailure(.notFound, text) }

    static func wrongMethod(allowed: [HTTPMethod]) -> HTTPFailure {
        let list = allowed.map(\.rawValue).joined(separator: ", ")
        return HTTPFailure(.methodNotAllowed, "only \(list) can be used here", headers: [("allow", list)])
    }

    /// The failure for an answer of the broker with a status other than 0 (behaviour.md §9).
    init(_ status: StatusCode, _ data: Value) {
        let text = data.stringValue
        self.init(Self.status(of: status, text), Self.sentence(status, text), code: status)
        if self.status == .serviceUnavailable || self.status == .tooManyRequests {
            headers.append(("retry-after", "1"))
        }
    }

    private static func status(of code: StatusCode, _ text: String?) -> HTTPResponseStatus {
        switch code {
        case .error:
            guard let text else { return .forbidden }
            if BrokerText.isRefusal(text) { return .forbidden }
            return BrokerText.isTooMuch(text) ? .tooManyRequests : .badRequest
        case .methodException: return .badGateway
        case .methodArgsError: return .badRequest
        case .methodNotFound, .unknownAdminCommand: return .notFound
        case .methodUnavailable: return text.map(BrokerText.isLate) == true ? .gatewayTimeout : .serviceUnavailable
        case .methodLoopback, .targetNotFound, .targetDown: return .serviceUnavailable
        case .nameTaken: return .conflict
        case .timeout: return .gatewayTimeout
        default: return .badGateway
        }
    }

    private static func sentence(_ code: StatusCode, _ text: String?) -> String {
        switch code {
        case .error where text == nil: "This identity has no right to it. Ask an administrator."
        default: text ?? code.description
        }
    }
}

extension HTTPFailure {
    /// The failure of a login.
    init(_ failure: GatewaySession.LoginFailure) {
        switch failure {
        case .wrongSecret: self = .unauthorized("the name or its shared secret is wrong")
        case .needsProof: self = .unauthorized("this name has to be proven with its shared secret")
        case .taken:
            self = .unauthorized("a component of this name is connected; only its shared secret proves to be it")
        case .unusable(let text): self = .malformed("the name cannot be used: \(text)")
        }
    }
}
