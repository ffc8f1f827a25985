import Foundation
import NIOCore
import RembusBroker
import RembusWire

/// The broker's `settings.json`.
extension BrokerSettings {
    /// Keys that brokers in Python and Julia have, and that have no meaning here.
    private static let foreignKeys: Set<String> = [
        "start_anyway", "reconnect_period", "zmq_ping_interval", "cache_size", "rembus_dir", "stacktrace",
        "connection_retry_period", "ext.mqtt.subscribe_topic",
    ]

    /// Applies the settings file of the broker with the configuration's name, if there is one.
    static func readFile(of configuration: inout BrokerConfiguration) throws {
        let file = configuration.folder.appendingPathComponent("settings.json")
        guard FileManager.default.fileExists(atPath: file.path) else { return }
        let data: Data
        do {
            data = try Data(contentsOf: file)
        } catch {
            throw BrokerError("cannot read \(file.path): \(error.fileReason)")
        }
        try apply(ByteBuffer(bytes: data), path: file.path, to: &configuration)
    }

    /// Applies the content of a file. The error lists all problems with their lines.
    static func apply(_ content: ByteBuffer, path: String, to configuration: inout BrokerConfiguration) throws {
        let text: JSONText
        do {
            text = try JSONText(content)
        } catch {
            throw BrokerError("\(path), \(error)")
        }
        guard let object = text.value.mapValue else {
            throw BrokerError("\(path) must hold one JSON object, such as {\"port\": 8338}")
        }
        var problems: [String] = []
        let known = Dictionary(keys.map { ($0.name, $0) }) { first, _ in first }
        for pair in object.pairs {
            guard let name = pair.key.stringValue, !foreignKeys.contains(name) else { continue }
            let line = text.position(of: [.key(name)]).map { ", line \($0.line)" } ?? ""
            guard let key = known[name] else {
                problems.append(
                    "\(path)\(line): there is no setting \"\(name)\"\(Spelling.question(name, in: keys.map(\.name)));"
                        + " `rembus broker --print-config` prints all of them")
                continue
            }
            guard key.write(pair.value, &configuration) else {
                problems.append("`\(name)` must be \(key.expects); found \(shown(pair.value)) in \(path)\(line)")
                continue
            }
        }
        if !problems.isEmpty { throw BrokerError(problems.joined(separator: "\n")) }
    }

    /// A value for an error message, shortened.
    static func shown(_ value: Value) -> String {
        let text = value.jsonText
        return text.count > 100 ? "\(text.prefix(100))…" : text
    }
}
