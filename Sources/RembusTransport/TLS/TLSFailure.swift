/// Why TLS cannot be set up or a TLS handshake failed, in a sentence that says what to do.
///
/// It names files and hosts, never the content of a file.
package struct TLSFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The sentence, without a full stop.
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}
