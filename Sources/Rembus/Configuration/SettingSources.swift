import Foundation
import NIOCore

/// The sources of settings outside of the program: the file and the environment. The file takes precedence.
struct SettingSources {
    private let file: ValueMap
    private let path: String
    private let environment: [String: String]

    /// A setting's name in the file and in the environment.
    typealias Key = (file: String, variable: String)

    init(_ configuration: ComponentConfiguration, name: String?) throws(RembusError) {
        environment = configuration.effectiveEnvironment
        guard let name else {
            (file, path) = (ValueMap(), "")
            return
        }
        path = "\(configuration.resolvedDirectory())/\(name)/settings.json"
        file = try Self.read(path)
    }

    private static func read(_ path: String) throws(RembusError) -> ValueMap {
        guard FileManager.default.fileExists(atPath: path) else { return ValueMap() }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Settings.failure("The settings file \(path) cannot be read.")
        }
        let content: Value
        do {
            content = try Value(json: ByteBuffer(bytes: data))
        } catch {
            throw Settings.failure("The settings file \(path) is not valid JSON: \(error.message)")
        }
        guard let map = content.mapValue else {
            throw Settings.failure("The settings file \(path) must hold one JSON object.")
        }
        return map
    }

    /// A duration. With an explicit argument `given` the sources are not read.
    func seconds(
        _ key: Key, _ given: Duration?, else standard: Duration, mayBeZero: Bool = false
    ) throws(RembusError) -> Duration {
        if let given { return given }
        guard let (number, origin) = try number(key) else { return standard }
        guard number.isFinite, mayBeZero ? number >= 0 : number > 0, number < 1e9 else {
            throw Settings.failure(
                "\(origin) must be a number of seconds \(mayBeZero ? "that is not negative" : "above zero").")
        }
        return .seconds(number)
    }

    func count(
        _ key: Key, _ given: Int?, else standard: Int, mayBeZero: Bool = true
    ) throws(RembusError) -> Int {
        if let given { return given }
        guard let (number, origin) = try number(key) else { return standard }
        guard let count = Int(exactly: number), count >= (mayBeZero ? 0 : 1) else {
            throw Settings.failure(
                "\(origin) must be a whole number \(mayBeZero ? "that is not negative" : "above zero").")
        }
        return count
    }

    /// A truth value. In the environment `1`, `true`, `yes` and `on` mean true, in upper or lower case; everything else
    /// means false.
    func flag(_ key: Key, _ given: Bool?, else standard: Bool) throws(RembusError) -> Bool {
        if let given { return given }
        if let value = file[key.file] {
            guard let flag = value.boolValue else {
                throw Settings.failure("\(key.file) in \(path) must be true or false.")
            }
            return flag
        }
        guard let text = environment[key.variable] else { return standard }
        return ["1", "true", "yes", "on"].contains(text.lowercased())
    }

    /// A text with the source that it comes from; nil when no source has it.
    func text(_ key: Key) throws(RembusError) -> (text: String, origin: String)? {
        if let value = file[key.file] {
            let origin = "\(key.file) in \(path)"
            guard let text = value.stringValue else { throw Settings.failure("\(origin) must be a text.") }
            return (text, origin)
        }
        guard let text = environment[key.variable], !text.isEmpty else { return nil }
        return (text, key.variable)
    }

    private func number(_ key: Key) throws(RembusError) -> (Double, origin: String)? {
        if let value = file[key.file] {
            let origin = "\(key.file) in \(path)"
            guard let number = value.doubleValue else { throw Settings.failure("\(origin) must be a number.") }
            return (number, origin)
        }
        guard let text = environment[key.variable], !text.isEmpty else { return nil }
        guard let number = Double(text) else {
            throw Settings.failure("\(key.variable) must be a number, but is `\(text)`.")
        }
        return (number, key.variable)
    }
}
