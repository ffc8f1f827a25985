/// The address that is dialed, as error messages name it.
package enum DialedPlace {
    /// `hub:8338`, or the path of a Unix socket.
    package static func text(_ host: String, _ port: Int) -> String {
        host.hasPrefix("/") ? host : "\(host):\(port)"
    }
}
