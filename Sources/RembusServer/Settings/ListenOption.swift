/// The address of a listener in options and settings: a port, or `unix:` and the path of a socket.
package enum ListenOption: Equatable, Sendable {
    case port(Int)
    case socket(String)

    private static let prefix = "unix:"

    package init?(argument: String) {
        if argument.hasPrefix(Self.prefix) {
            let path = argument.dropFirst(Self.prefix.count)
            // `unix:///run/x` means the same.
            self = .socket(path.hasPrefix("//") ? String(path.dropFirst(2)) : String(path))
            guard path.hasPrefix("/"), path.count > 1 else { return nil }
            return
        }
        guard let port = Int(argument) else { return nil }
        self = .port(port)
    }

    package var text: String {
        switch self {
        case .port(let port): "\(port)"
        case .socket(let path): Self.prefix + path
        }
    }

    var port: Int? { if case .port(let port) = self { port } else { nil } }
    var socket: String? { if case .socket(let path) = self { path } else { nil } }

    /// Whether it is a socket, or a port in the valid range.
    package var isUsable: Bool { port.map { (0...65535).contains($0) } ?? true }
}
