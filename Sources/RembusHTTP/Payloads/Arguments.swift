import DataFrames
import NIOCore
import NIOHTTP1
import RembusBroker
import RembusWire

/// The arguments of a message as they were received.
enum Arguments {
    /// A JSON text: an array of arguments, or one argument. nil for no arguments.
    case json(ByteBuffer?)
    /// A dataframe as an Arrow stream, which was checked.
    case frame(ByteBuffer)
    case values([Value])

    static let none = Arguments.json(nil)

    /// Appends the CBOR array of the arguments. Returns the failure when they are malformed.
    func write(into buffer: inout ByteBuffer, limits: BrokerLimits) -> HTTPFailure? {
        switch self {
        case .json(nil): buffer.writeCBORHead(.array, 0)
        case .json(let text?):
            var decoding = DecodingLimits.standard
            decoding.maxBytes = limits.maxMessageBytes
            // Lower than the limit for frames, so that the frame of any accepted text is within it.
            decoding.maxDepth = 60
            var failure: WireError?
            text.withUnsafeReadableBytes { bytes in
                do throws(WireError) {
                    try buffer.writeCBORArguments(ofJSON: bytes, limits: decoding)
                } catch {
                    failure = error
                }
            }
            if let failure { return .malformed("the arguments are not valid JSON: \(failure)") }
        case .frame(let arrow):
            buffer.writeCBORHead(.array, 1)
            buffer.writeCBORHead(.tag, Value.Tag.dataFrame)
            buffer.writeCBORBytes(arrow)
        case .values(let values): buffer.writeCBORArray(values)
        }
        return nil
    }

    /// The arguments of a request: its body or, without a body, `?args=`.
    ///
    /// - Parameter infersTypes: Whether the types of CSV columns are inferred; otherwise all columns are texts.
    init(of exchange: Exchange, infersTypes: Bool = true) throws(HTTPFailure) {
        let query = exchange.target?.first("args")
        guard let body = exchange.body, body.readableBytes > 0 else {
            if exchange.header("content-type") != nil, query == nil { _ = try Self.form(exchange) }
            self = .json(query.map { ByteBuffer(string: $0) })
            return
        }
        guard query == nil else {
            throw .malformed("give the arguments in the body or as `?args=`, not both")
        }
        switch try Self.form(exchange) {
        case .json: self = .json(body)
        case .arrow:
            do throws(DataFrameError) {
                _ = try DataFrame(arrow: body)
            } catch {
                throw .malformed("the body is no Arrow stream: \(error)")
            }
            self = .frame(body)
        case .csv:
            do throws(DataFrameError) {
                self = .frame(try DataFrame(csv: body, format: CSVFormat(infersTypes: infersTypes)).arrowBuffer())
            } catch {
                throw .malformed("the body is no CSV with a header line: \(error)")
            }
        }
    }

    private enum Form {
        case json
        case arrow
        case csv
    }

    private static func form(_ exchange: Exchange) throws(HTTPFailure) -> Form {
        if let coding = exchange.header("content-encoding")?.lowercased(), coding != "identity" {
            throw HTTPFailure(
                .unsupportedMediaType, "the body is compressed (\(coding)): send it as it is",
                headers: [("accept-encoding", "identity")])
        }
        guard let header = exchange.header("content-type") else { return .json }
        let type = MediaRange.type(of: header)
        switch type {
        // `curl` sends the form type unless it is told otherwise.
        case "application/json", "application/x-www-form-urlencoded", "text/json", "": return .json
        case MediaRange.arrow: return .arrow
        case MediaRange.csv: return .csv
        case _ where type.hasSuffix("+json"): return .json
        default:
            throw HTTPFailure(
                .unsupportedMediaType,
                "the body may be application/json, \(MediaRange.arrow) or \(MediaRange.csv), not \(type)",
                headers: [("accept", "application/json, \(MediaRange.arrow), \(MediaRange.csv)")])
        }
    }
}
