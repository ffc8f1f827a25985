import RembusBroker
import RembusWire

/// The values that a program may put into a configuration: the same as settings may have.
extension BrokerSettings {
    /// Throws when a field has a value that no setting could have, or that a server inside of a program cannot honour.
    /// The error lists all such fields.
    static func check(_ configuration: BrokerConfiguration) throws(BrokerError) {
        var scratch = BrokerConfiguration()
        var problems: [String] = []
        for key in keys {
            let value = key.read(configuration)
            guard !key.write(value, &scratch) else { continue }
            problems.append("`\(key.name)` must be \(key.expects); found \(shown(value))")
        }
        if !isName(configuration.name) {
            problems.append(
                "`name` must not be empty, `.`, `..` or contain a slash: it names the folder of the broker's state; found "
                    + configuration.name.debugDescription)
        }
        if let directory = configuration.directory, directory.isEmpty {
            problems.append("`directory` must be the path of a folder, or nil for the usual one; it is empty")
        }
        let ids = configuration.limits.maxDuplicateIDs
        if !(1...10_000_000).contains(ids) {
            problems.append("`maxDuplicateIDs` must be a whole number, 1–10000000; found \(ids)")
        }
        if configuration.logFormat != .text {
            problems.append(
                "`log_format` is \(configuration.logFormat.rawValue), which is for the command `rembus broker`: a server in "
                    + "a program writes to the logger that it is given; leave `logFormat` at text")
        }
        if !problems.isEmpty { throw BrokerError(problems.joined(separator: "\n"), isUsage: true) }
    }
}
