import Foundation
public import RembusBroker

extension BrokerConfiguration {
    /// Loads the settings that the command `rembus broker` reads: the defaults, overridden by the environment variables
    /// `REMBUS_*`, overridden by `settings.json` in the folder of the broker's state. Blocks on the disk.
    ///
    /// - Parameters:
    ///   - name: The broker's name, which is also that of the folder; nil for the one in the environment or, without
    ///     one, `broker`.
    ///   - directory: The folder that holds the state of brokers; nil for `REMBUS_DIR` or, without it, `rembus` in the
    ///     user's configuration folder.
    /// - Throws: ``BrokerError`` with all problems, and the variables and lines that they are in.
    public static func load(name: String? = nil, directory: String? = nil) throws -> BrokerConfiguration {
        try BrokerSettings.load(name: name, directory: directory)
    }

    /// The folder that holds the state of brokers.
    var root: URL { directory.map { URL(fileURLWithPath: $0) } ?? BrokerSettings.directory() }

    /// The folder of this broker's state.
    var folder: URL { root.appendingPathComponent(name) }
}
