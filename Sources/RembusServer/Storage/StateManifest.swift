import Foundation
import Logging
import RembusStore

/// The names of the files in a broker's state folder. With it a start can tell a first start from one after a loss: it
/// reports files that are missing or empty, and the consequences.
///
/// It is written when the broker is ready, and at its end. Segments of the journal come and go, so they are in it only
/// after a clean end.
struct StateManifest {
    let folder: String

    private static let fileName = "manifest"
    private static let header = "files of this broker's state, one a line; the next start says which of them are lost"

    private var path: String { "\(folder)/\(Self.fileName)" }

    // MARK: Reading

    /// The files of the last run that are missing or have become empty, as paths in the folder.
    func lost() -> [String] {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
        return text.split(separator: "\n").dropFirst().map(String.init).filter { name in
            guard let status = FileStatus("\(folder)/\(name)") else { return true }
            return status.isFile && status.byteCount == 0
        }
    }

    /// Logs what is lost.
    func report(_ lost: [String], _ logger: Logger) {
        let segments = lost.filter(Self.isSegment)
        if let first = segments.first {
            logger.error(
                "\(segments.count) files of the journal are missing or empty, \(folder)/\(first) among them: what was in them and is not in the lake is lost"
            )
        }
        for name in lost where !Self.isSegment(name) {
            logger.error("\(folder)/\(name) is missing or empty, but was there before: \(Self.meaning(of: name))")
        }
    }

    private static func isSegment(_ name: String) -> Bool { name.hasSuffix(".seg") }

    private static func meaning(of name: String) -> String {
        switch name {
        case "components": "subscriptions and marks come from the copy in the lake, if there is one"
        case "journal/names": "the names of publishers and tenants come from the lake, if it has them"
        case "mqtt-sessions": "MQTT clients begin new sessions"
        case "mqtt-packets": "exchanges of MQTT clients at QoS 2 that were under way begin anew"
        case "mqtt-retained": "there are no last values of topics and no retained messages"
        case "settings.json": "what stood in it does not count any more"
        case "trust.json": "the rights come from their copy"
        case "trust.json.bak": "it is written anew"
        case "keys": "nobody has a key any more, and without --authenticated every name is free"
        default: "what was in it is lost"
        }
    }

    // MARK: Writing

    /// Writes the names of the files that exist now.
    func write(isAtEnd: Bool, _ logger: Logger) {
        let text = ([Self.header] + names(isAtEnd: isAtEnd)).joined(separator: "\n") + "\n"
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
            chmod(path, 0o600)
        } catch {
            logger.warning("\(path) cannot be written: \(error.fileReason)")
        }
    }

    private func names(isAtEnd: Bool) -> [String] {
        var names = contents(of: "").filter { name in
            FileStatus("\(folder)/\(name)")?.isFile == true && !Self.isPassing(name)
        }
        if FileStatus("\(folder)/keys")?.isFolder == true { names.append("keys") }
        let journal = contents(of: "journal").map { "journal/\($0)" }
        names += journal.filter { $0 == "journal/names" }
        if isAtEnd {
            for partition in journal where FileStatus("\(folder)/\(partition)")?.isFolder == true {
                names += contents(of: partition).map { "\(partition)/\($0)" }.filter(Self.isSegment)
            }
        }
        return names.filter { !$0.contains("\n") }.sorted()
    }

    private func contents(of subfolder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(subfolder)")) ?? []
    }

    /// Whether a file may disappear at any time, or has no meaning for a loss.
    private static func isPassing(_ name: String) -> Bool {
        name == fileName || name.hasPrefix(".") || name.hasPrefix("audit.log")
            || [".lock", ".new", ".tmp"].contains { name.hasSuffix($0) }
    }
}
