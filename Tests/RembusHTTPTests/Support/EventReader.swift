import RembusWire
import Testing

@testable import RembusHTTP

/// A stream of server-sent events.
final class EventReader {
    struct Event {
        var name: String?
        var data = Value.null
        var id: String?
    }

    let client: HTTPClient
    /// What has come of the stream and was not read.
    private var text = ""
    /// How many comments have come between the events, behind the one at the beginning.
    private(set) var comments = 0

    init(_ stage: HTTPStage, _ pattern: String, _ headers: [String: String] = [:]) throws {
        client = try stage.client()
        client.send(HTTPClient.text("GET", "/events/" + pattern, nil, headers))
        let (status, headers) = try client.readHead()
        #expect(status == 200 && headers["content-type"] == "text/event-stream")
        #expect(headers["transfer-encoding"] == "chunked")
        // Something to read at once, which shows that the stream is open.
        #expect(take()?.hasPrefix(":") == true)
    }

    /// Takes the next event. Throws when it has not come, or has a field twice or one that is unknown.
    func next() throws -> Event {
        skipComments()
        guard let text = take() else { throw HTTPClient.Missing(description: "no event has come: \(text)") }
        var (event, seen) = (Event(), Set<Substring>())
        for line in text.split(separator: "\n") {
            let field = line.prefix { $0 != ":" }
            let content = String(line.dropFirst(field.count + 2))
            #expect(seen.insert(field).inserted, "\(line)")
            switch field {
            case "event": event.name = content
            case "data": event.data = try Value(jsonText: content)
            case "id": event.id = content
            default: throw HTTPClient.Missing(description: "an unknown field: \(line)")
            }
        }
        return event
    }

    /// Whether nothing has come but comments.
    var isSilent: Bool {
        skipComments()
        return text.isEmpty
    }

    private func skipComments() {
        collect()
        while text.hasPrefix(":"), take() != nil { comments += 1 }
    }

    /// Takes what is in front of the next empty line; nil when that has not come.
    private func take() -> String? {
        collect()
        var lines: [Substring] = []
        var rest = text[...]
        while let end = rest.firstIndex(of: "\n") {
            let line = rest[..<end]
            rest = rest[rest.index(after: end)...]
            if line.isEmpty {
                text = String(rest)
                return lines.joined(separator: "\n")
            }
            lines.append(line)
        }
        return nil
    }

    /// Takes the chunks that have come.
    private func collect() {
        while let size = client.take(upTo: "\r\n") {
            guard let length = Int(size, radix: 16), let chunk = client.take(upTo: "\r\n") else {
                Issue.record("this is no chunk: \(size)")
                return
            }
            #expect(chunk.utf8.count == length)
            text += chunk
        }
    }
}
