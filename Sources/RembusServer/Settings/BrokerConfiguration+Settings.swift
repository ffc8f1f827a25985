import Foundation
public import RembusBroker

extension BrokerConfiguration {
    /// What brokers are told from outside of the program, as the command `rembus broker` reads it: the defaults, over them the
    /// variables `REMBUS_*` of the environment, over them `settings.json` in the folder of the broker's state. Blocks on the
    /// disk.
    ///
    /// - Parameters:
    ///   - name: The broker's name, which is that of the folder; nil for the one in the environment, or `broker`.
    ///   - directory: The folder of the state of brokers; nil for `REMBUS_DIR`, else `rembus` in the user's configuration
    ///     folder.
    /// - Throws: ``BrokerError`` that says all that is wrong, with the variables and lines.
    public static func load(name: String? = nil, directory: String? = nil) throws -> BrokerConfiguration {
        try BrokerSettings.load(name: name, directory: directory)
    }

    /// The folder of the state of brokers.
    var root: URL { directory.map { URL(fileURLWithPath: $0) } ?? BrokerSettings.directory() }

    /// The folder of this broker's state.
    var folder: URL { root.appendingPathComponent(name) }
}
