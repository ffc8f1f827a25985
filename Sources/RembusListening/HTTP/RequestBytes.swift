package import NIOCore
import NIOHTTP1

/// Keeps the bytes that are being parsed, so that the answer to a request that the parser refuses can name the reason.
/// The parser knows a fixed list of methods, and reports all others as malformed.
///
/// The handler is between TLS and the parser.
package final class RequestBytes: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer

    private var current: ByteBuffer?

    package init() {}

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        current = unwrapInboundIn(data)
        context.fireChannelRead(data)
        current = nil
    }

    /// Why the parser has refused the request with `error`. Call it only while that error is being handled.
    package func objection(to error: any Error) -> HTTPObjection {
        switch error as? HTTPParserError {
        case .headerOverflow?:
            return HTTPObjection(.requestHeaderFieldsTooLarge, "the request line and headers are too long")
        case .invalidMethod?:
            if let method = current.flatMap({ Self.unknownMethod(in: $0) }) { return .unknownMethod(method) }
        default: break
        }
        return HTTPObjection(.badRequest, "the request cannot be parsed: \(error)")
    }

    /// The method in the first request line in `bytes` whose method the parser does not know; nil when there is none.
    static func unknownMethod(in bytes: ByteBuffer) -> String? {
        for line in bytes.readableBytesView.split(separator: UInt8(ascii: "\n")) {
            let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            guard words.count == 3, words[2].starts(with: "HTTP/1.".utf8), !words[1].isEmpty else { continue }
            guard !words[0].isEmpty, words[0].count <= maxMethodBytes, words[0].allSatisfy(\.mayBeInToken) else {
                continue
            }
            let name = String(decoding: words[0], as: UTF8.self)
            if case .RAW = HTTPMethod(rawValue: name) { return name }
        }
        return nil
    }

    private static let maxMethodBytes = 64
}

extension UInt8 {
    /// Whether RFC 9110 §5.6.2 allows the character in a token.
    fileprivate var mayBeInToken: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(self)
        }
    }
}
