import Foundation
import NIOCore
package import RembusBroker
import RembusWire

/// Where a setting of the broker got its value: what is wrong with it is said in the words of whoever wrote it.
package enum SettingOrigin: Equatable {
    case option(String)
    case variable(String)
    case file(key: String, path: String, line: Int)
    /// Nobody has set it.
    case standard(key: String, option: String?)

    /// The name for the middle of a sentence: `--port`, `REMBUS_PORT`, or the key with its file and line.
    package var text: String {
        switch self {
        case .option(let option): option
        case .variable(let variable): variable
        case .file(let key, let path, let line): "`\(key)` (\(path), line \(line))"
        case .standard(let key, let option): option ?? "`\(key)`"
        }
    }

    /// The same to stand behind a sentence that has the value; empty when nobody has set it.
    package var note: String {
        switch self {
        case .option(let option): " (\(option))"
        case .variable(let variable): " (\(variable))"
        case .file(_, let path, let line): " (\(path), line \(line))"
        case .standard: ""
        }
    }
}

extension BrokerSettings {
    /// The options that stand for settings, by the key of the setting; the first is the one that is named.
    private static let options = [
        "port": ["--port", "--ws"], "tcp": ["--tcp"], "zmq": ["--zmq"], "http": ["--http"],
        "http_prefix": ["--http-prefix"], "mqtt_listen": ["--mqtt-listen"], "mqtt": ["--mqtt"],
        "prometheus": ["--prometheus"], "host": ["--host"], "name": ["--name"], "policy": ["--policy"],
        "overwrite_connection": ["--overwrite"], "server": ["--server"], "connection_mode": ["--authenticated"],
        "secure": ["--secure"], "trust_names": ["--trust-names"], "schema": ["--schema"], "record": ["--record"],
        "journal_sync": ["--journal-sync"], "ducklake_url": ["--ducklake"], "memory_limit": ["--memory-limit"],
        "log_level": ["--log-level"], "log_format": ["--log-format"],
    ]

    /// Where the setting with this key is from: the last place that has it, as when it is read.
    package static func origin(
        of key: String, in configuration: BrokerConfiguration, words: [String] = CommandLine.arguments,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> SettingOrigin {
        let options = options[key] ?? []
        let given = options.first { option in words.contains { $0 == option || $0.hasPrefix("\(option)=") } }
        if let given { return .option(given) }
        let file = configuration.folder.appendingPathComponent("settings.json")
        if let data = try? Data(contentsOf: file), let text = try? JSONText(ByteBuffer(bytes: data)),
            let position = text.position(of: [.key(key)])
        {
            return .file(key: key, path: file.path, line: position.line)
        }
        if let variable = keys.first(where: { $0.name == key })?.variable, environment[variable]?.isEmpty == false {
            return .variable(variable)
        }
        return .standard(key: key, option: options.first)
    }

    /// The settings that the broker's own sentences call by their options.
    private static let calledByOption = ["port", "tcp", "zmq", "http", "mqtt_listen", "mqtt", "prometheus", "name"]

    /// A sentence of the broker in which settings go by their options, with the names that they were set by.
    package static func asWritten(_ sentence: String, in configuration: BrokerConfiguration) -> String {
        let names =
            calledByOption.flatMap { key in (options[key] ?? []).map { ($0, key) } }
            + [("DUCKLAKE_URL", "ducklake_url"), ("`mqtt_topic_filter`", "mqtt_topic_filter")]
        // The longest first: `--mqtt` is the beginning of `--mqtt-listen`.
        return names.sorted { $0.0.count > $1.0.count }.reduce(sentence) { text, name in
            guard text.contains(name.0) else { return text }
            let origin = origin(of: name.1, in: configuration)
            if case .standard = origin { return text }
            return text.split(separator: " ", omittingEmptySubsequences: false).map { word in
                let rest = word.dropFirst(name.0.count)
                let isName = word.hasPrefix(name.0) && !(rest.first.map { $0.isLetter || $0 == "-" } ?? false)
                return isName ? origin.text + rest : String(word)
            }.joined(separator: " ")
        }
    }
}
