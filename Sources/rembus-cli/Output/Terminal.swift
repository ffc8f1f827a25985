import ArgumentParser
import Foundation

/// When output is coloured.
enum ColorChoice: String, CaseIterable, ExpressibleByArgument {
    case auto
    case always
    case never

    /// `auto` means: in a terminal that can, unless `NO_COLOR` is set.
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

/// What standard output is connected to.
enum Terminal {
    static let isOutput = isatty(STDOUT_FILENO) == 1
    static let isError = isatty(STDERR_FILENO) == 1

    /// Columns of the terminal at this moment, 80 when it does not say.
    static var width: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}

/// JSON lines for programs or aligned text for people. Every command that prints what a broker sent decides here.
enum OutputFormat: String, EnumerableFlag {
    case pretty
    case json

    static func help(for value: OutputFormat) -> ArgumentHelp? {
        switch value {
        case .pretty: "Aligned, indented output. (default in a terminal)"
        case .json: "JSON, one value on one line. (default otherwise)"
        }
    }

    /// What was asked for, else what suits where the output goes.
    static func resolve(_ choice: OutputFormat?) -> OutputFormat {
        choice ?? (Terminal.isOutput ? .pretty : .json)
    }
}
