import DataFrames
import NIOCore
import NIOHTTP1
import RembusBroker
import RembusWire

/// The forms of a result that a client accepts, by its `Accept` header.
struct ResultFormat {
    /// The accepted types, the preferred one first; nil when there is no header.
    private let accepted: [MediaRange]?

    private static let offered = [MediaRange.json, MediaRange.arrow, MediaRange.csv, MediaRange.bytes]

    /// Throws when the client accepts none of the existing forms.
    init(of exchange: Exchange) throws(HTTPFailure) {
        let headers = exchange.head.headers["accept"]
        guard !headers.isEmpty else {
            accepted = nil
            return
        }
        let ranges = MediaRange.all(of: headers)
        guard ranges.contains(where: { range in Self.offered.contains { range.covers($0) } }) else {
            throw Self.unacceptable("results are \(Self.offered.joined(separator: ", "))")
        }
        accepted = ranges
    }

    private static func unacceptable(_ text: String) -> HTTPFailure {
        HTTPFailure(.notAcceptable, "nothing that the Accept header asks for can be given: \(text)")
    }

    /// Chooses one of the forms of a result.
    private func choose(_ forms: [String]) throws(HTTPFailure) -> String {
        guard let accepted else { return forms[0] }
        for range in accepted {
            if let form = forms.first(where: range.covers) { return form }
        }
        throw Self.unacceptable("this result is \(forms.joined(separator: " or "))")
    }

    /// A result in the chosen form.
    func render(_ data: AnswerData, limits: DecodingLimits) throws(HTTPFailure) -> (type: String, body: ByteBuffer) {
        let value: Value
        do throws(WireError) {
            value = try data.value(limits: limits)
        } catch {
            throw HTTPFailure(.badGateway, "the result cannot be read: \(error)")
        }
        return try render(value)
    }

    func render(_ value: Value) throws(HTTPFailure) -> (type: String, body: ByteBuffer) {
        switch value {
        case .tagged(Value.Tag.dataFrame, .bytes(let arrow)):
            switch try choose([MediaRange.json, MediaRange.arrow, MediaRange.csv]) {
            case MediaRange.arrow: return (MediaRange.arrow, arrow)
            case MediaRange.csv: return ("text/csv; charset=utf-8", try Self.csv(arrow))
            default: break
            }
        case .bytes(let bytes):
            if try choose([MediaRange.json, MediaRange.bytes]) == MediaRange.bytes { return (MediaRange.bytes, bytes) }
        default: _ = try choose([MediaRange.json])
        }
        var body = ByteBuffer()
        value.encodeJSON(into: &body, frames: DataFrame.writeRows(ofArrow:into:))
        return (MediaRange.json, body)
    }

    private static func csv(_ arrow: ByteBuffer) throws(HTTPFailure) -> ByteBuffer {
        do throws(DataFrameError) {
            var body = ByteBuffer()
            try DataFrame(arrow: arrow).writeCSV(into: &body)
            return body
        } catch {
            throw HTTPFailure(.badGateway, "the result is no dataframe that can be read: \(error)")
        }
    }
}
