/// The address of a server in error messages.
package enum DialedPlace {
    /// `hub:8338`, or the path of a Unix socket.
    package static func text(_ host: String, _ port: Int) -> String {
        host.hasPrefix("/") ? host : "\(host):\(port)"
    }
}
