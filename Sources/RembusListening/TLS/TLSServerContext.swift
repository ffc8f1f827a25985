package import Foundation
import NIOCore
package import NIOSSL
import RembusSupport
package import RembusTransport
import Synchronization

/// The certificates of a listener, which can be replaced while it listens. Open connections keep the old certificate,
/// and new ones get the new one.
package final class TLSServerContext: Sendable {
    private struct State {
        var settings: TLSServerSettings
        var loaded: TLSServerMaterial
        /// The stamps of the files at the last check. They are read when the next check finds the same stamps.
        var seen: [String: FileStamp?]
        /// The stamps of files that could not be used. They are tried again when they change.
        var refused: [String: FileStamp?]?
    }

    private let state: Mutex<State>

    /// Reads all files. Blocks on the disk.
    ///
    /// Throws ``TLSFailure`` when a file is missing, unreadable, open to everyone, not PEM, does not match, or expired.
    package init(_ settings: TLSServerSettings) throws(TLSFailure) {
        let material = try TLSServerMaterial(settings)
        state = Mutex(State(settings: settings, loaded: material, seen: material.stamps))
    }

    /// When the first of the certificates expires.
    package var expiry: Date { state.withLock { $0.loaded.expiry } }

    /// A summary of the certificate for the log: its hosts and its expiry.
    package var summary: String { state.withLock { $0.loaded.summary } }

    /// The context for the next connection.
    package var current: NIOSSLContext { state.withLock { $0.loaded.context } }

    /// The settings in use.
    package var settings: TLSServerSettings { state.withLock { $0.settings } }

    /// Whether the files on the disk differ from those in use and cannot be used.
    package var isStale: Bool { state.withLock { $0.refused != nil } }

    /// Throws when certificates cannot be read with other settings. Blocks on the disk.
    package static func check(_ settings: TLSServerSettings) throws(TLSFailure) { _ = try TLSServerMaterial(settings) }

    /// Reads all files again. Blocks on the disk.
    ///
    /// Throws ``TLSFailure`` and keeps the old certificates when the new ones cannot be used.
    ///
    /// - Parameter replacement: The settings from now on, if the files are valid.
    package func reload(_ replacement: TLSServerSettings? = nil) throws(TLSFailure) {
        let settings = replacement ?? self.settings
        let stamps = TLSServerMaterial.stamps(settings)
        do {
            let material = try TLSServerMaterial(settings)
            state.withLock { $0 = State(settings: settings, loaded: material, seen: material.stamps) }
        } catch {
            state.withLock {
                $0.refused = stamps
                $0.seen = stamps
            }
            throw error
        }
    }

    /// Reads the files again when they have changed. Returns true when new certificates are in use. Meant to be called
    /// about every second. Blocks on the disk.
    ///
    /// A change takes effect when a second call finds the same files as the first, so that there is time to replace
    /// both the certificate and the key. Throws ``TLSFailure`` once for files that cannot be used, and keeps the old
    /// certificates.
    package func reloadIfChanged() throws(TLSFailure) -> Bool {
        let stamps = TLSServerMaterial.stamps(settings)
        let isSettled = state.withLock { state in
            guard stamps != state.loaded.stamps, stamps != state.refused else {
                // The files on the disk are those in use again, so the refused ones are gone.
                if stamps == state.loaded.stamps { state.refused = nil }
                state.seen = stamps
                return false
            }
            defer { state.seen = stamps }
            return stamps == state.seen
        }
        guard isSettled else { return false }
        try reload()
        return true
    }
}
