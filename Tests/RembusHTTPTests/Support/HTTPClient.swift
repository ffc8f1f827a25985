import NIOCore
import NIOEmbedded
import RembusTesting
import RembusWire

/// One connection to the gateway, byte by byte. What is sent is handled, with all that follows from it, when the call returns.
final class HTTPClient {
    let channel: EmbeddedChannel
    private let broker: InProcessBroker
    private var unread = ByteBuffer()

    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    init(_ broker: InProcessBroker, _ channel: EmbeddedChannel) {
        self.broker = broker
        self.channel = channel
    }

    deinit { hangUp() }

    /// Whether the broker has hung up.
    var isClosed: Bool { !channel.isActive }

    /// Whether it takes what it is sent. While it does not, its socket is full.
    var isReading: Bool {
        get { channel.isWritable }
        set {
            channel.isWritable = newValue
            channel.pipeline.fireChannelWritabilityChanged()
            broker.settle()
        }
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        guard channel.isActive else { return }
        // Errors are the handlers' to answer, as on a socket.
        _ = try? channel.writeInbound(ByteBuffer(bytes: bytes))
        broker.settle()
    }

    func hangUp() {
        guard channel.isActive else { return }
        channel.close(promise: nil)
        broker.settle()
    }

    /// The text of a request.
    static func text(
        _ method: String, _ path: String, _ body: String? = nil, _ headers: [String: String] = [:]
    ) -> String {
        var lines = ["\(method) \(path) HTTP/1.1"]
        if headers["Host"] == nil { lines.append("Host: localhost") }
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) { lines.append("\(name): \(value)") }
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
    }

    func request(
        _ method: String, _ path: String, _ body: String? = nil, _ headers: [String: String] = [:]
    ) throws -> HTTPAnswer {
        send(Self.text(method, path, body, headers))
        return try read(hasBody: method != "HEAD")
    }

    // MARK: Answers

    /// Takes the next answer. Throws when it has not come.
    func read(hasBody: Bool = true) throws -> HTTPAnswer {
        let (status, headers) = try readHead()
        let length = hasBody ? Int(headers["content-length"] ?? "") ?? 0 : 0
        guard let body = unread.readBytes(length: length) else {
            throw Missing(description: "of a body of \(length) bytes \(unread.readableBytes) have come")
        }
        return HTTPAnswer(status: status, headers: headers, bytes: body)
    }

    /// Takes status and headers of the next answer, with names in lower case.
    func readHead() throws -> (Int, [String: String]) {
        guard let head = take(upTo: "\r\n\r\n") else {
            throw Missing(description: "no answer has come\(isClosed ? ", the connection is closed" : ""): \(rest)")
        }
        let lines = head.split(separator: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count > 1, let status = Int(words[1]) else {
            throw Missing(description: "this is no answer: \(lines)")
        }
        return (status, headers)
    }

    /// What has come and was not read.
    var rest: String {
        collect()
        return String(buffer: unread)
    }

    /// Takes all text up to a separator, and that, which is left out; nil when it has not come.
    func take(upTo separator: String) -> String? {
        collect()
        let wanted = Array(separator.utf8)
        let length = unread.withUnsafeReadableBytes { bytes in
            bytes.indices.first { bytes[$0...].starts(with: wanted) }
        }
        guard let length, let text = unread.readString(length: length) else { return nil }
        unread.moveReaderIndex(forwardBy: wanted.count)
        return text
    }

    private func collect() {
        while let part = try? channel.readOutbound(as: ByteBuffer.self) { unread.writeImmutableBuffer(part) }
        unread.discardReadBytes()
    }
}

/// An answer as it came.
struct HTTPAnswer {
    let status: Int
    /// By their names in lower case.
    let headers: [String: String]
    let bytes: [UInt8]

    var body: String { String(decoding: bytes, as: UTF8.self) }

    /// Null for a body that is no JSON.
    var json: Value { (try? Value(jsonText: body)) ?? .null }

    /// The sentence of a failure, which every failure has.
    var error: String {
        headers["content-type"] == "application/json" ? json["error"]?.stringValue ?? "" : ""
    }
}
