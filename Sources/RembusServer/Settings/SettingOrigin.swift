import Foundation
import NIOCore
package import RembusBroker
import RembusWire

/// The source of a setting's value. Error messages name the setting as it was written there.
package enum SettingOrigin: Equatable {
    case option(String)
    case variable(String)
    case file(key: String, path: String, line: Int)
    /// The value is the default.
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

    /// The same as a note behind a sentence that contains the value; empty for a default.
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
    /// The options for settings, by the setting's key. Messages use the first one.
    private static let options = [
        "port": ["--port", "--ws"], "tcp": ["--tcp"], "zmq": ["--zmq"], "http": ["--http"],
        "http_prefix": ["--http-prefix"], "mqtt_listen": ["--mqtt-listen"], "mqtt": ["--mqtt"],
        "prometheus": ["--prometheus"], "host": ["--host"], "name": ["--name"], "policy": ["--policy"],
        "overwrite_connection": ["--overwrite"], "server": ["--server"], "connection_mode": ["--authenticated"],
        "secure": ["--secure"], "trust_names": ["--trust-names"], "schema": ["--schema"], "record": ["--record"],
        "journal_sync": ["--journal-sync"], "ducklake_url": ["--ducklake"], "memory_limit": ["--memory-limit"],
        "log_level": ["--log-level"], "log_format": ["--log-format"],
    ]

    /// The source of a setting: the last place that has it, as when settings are read.
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

    /// Settings that the broker's own messages name by their options.
    private static let calledByOption = ["port", "tcp", "zmq", "http", "mqtt_listen", "mqtt", "prometheus", "name"]

    /// A message of the broker, with the options in it replaced by the names that the settings were written with.
    package static func asWritten(_ sentence: String, in configuration: BrokerConfiguration) -> String {
        let names =
            calledByOption.flatMap { key in (options[key] ?? []).map { ($0, key) } }
            + [("DUCKLAKE_URL", "ducklake_url"), ("`mqtt_topic_filter`", "mqtt_topic_filter")]
        // The longest name first, because `--mqtt` is the beginning of `--mqtt-listen`.
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
