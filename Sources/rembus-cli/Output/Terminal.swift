import ArgumentParser
import Foundation

/// Whether output is coloured.
enum ColorChoice: String, CaseIterable, ExpressibleByArgument {
    case auto
    case always
    case never

    /// With `auto`, output is coloured in a terminal that supports it, unless `NO_COLOR` is set.
    var isOn: Bool {
        switch self {
        case .always: return true
        case .never: return false
        case .auto:
            let environment = ProcessInfo.processInfo.environment
            let isRefused = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
            return Terminal.isOutput && !isRefused && environment["TERM"] != "dumb"
        }
    }
}

/// Facts about standard output.
enum Terminal {
    static let isOutput = isatty(STDOUT_FILENO) == 1
    static let isError = isatty(STDERR_FILENO) == 1

    /// The current number of columns of the terminal; 80 when it is not known.
    static var width: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}

/// The form of output: JSON lines for programs, or aligned text for people. All commands that print data of a broker
/// use it.
enum OutputFormat: String, EnumerableFlag {
    case pretty
    case json

    static func help(for value: OutputFormat) -> ArgumentHelp? {
        switch value {
        case .pretty: "Aligned, indented output. (default in a terminal)"
        case .json: "JSON, one value on one line. (default otherwise)"
        }
    }

    /// The chosen form or, without one, the one that suits the kind of output.
    static func resolve(_ choice: OutputFormat?) -> OutputFormat {
        choice ?? (Terminal.isOutput ? .pretty : .json)
    }
}
