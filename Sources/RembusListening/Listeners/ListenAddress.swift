/// The address of a listener.
package enum ListenAddress: Sendable, Hashable {
    /// A TCP port of an address of this machine; 0 lets the system choose.
    case port(host: String, Int)
    /// A Unix socket, with the mode of its file.
    case socket(path: String, mode: UInt16)

    /// The URL with a scheme: `ws://127.0.0.1:8338`, `ws+unix:///run/rembus.sock`.
    ///
    /// - Parameter port: The port that the system has chosen.
    package func url(scheme: String, port: Int?) -> String {
        switch self {
        case .port(let host, let wanted):
            "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port ?? wanted)"
        case .socket(let path, _): "\(scheme)+unix://\(path)"
        }
    }

    /// The address for messages: `127.0.0.1:8338`, `unix:/run/rembus.sock`.
    package var text: String {
        switch self {
        case .port(let host, let port): "\(host):\(port)"
        case .socket(let path, _): "unix:\(path)"
        }
    }
}
