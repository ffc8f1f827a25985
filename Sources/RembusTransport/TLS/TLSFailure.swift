/// Why TLS cannot be set up or a TLS handshake has failed, in a sentence that says what to do.
///
/// It names files and hosts, but never contents of files.
package struct TLSFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The sentence, without a full stop.
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}
