#if WITH_TLS
import NIOCore
import NIOSSL
import RembusSupport
import Synchronization

/// The TLS settings of a dialer, read from files, and read again when they have changed.
package final class TLSClientContext: Sendable {
    private struct State {
        var context: NIOSSLContext
        var stamps: [String: FileStamp?]
    }

    package let settings: TLSClientSettings
    private let state: Mutex<State>

    /// Reads all files. Blocks on the disk.
    ///
    /// Throws ``TLSFailure`` when a file is missing, unreadable, not PEM, does not match, or expired.
    package init(_ settings: TLSClientSettings) throws(TLSFailure) {
        self.settings = settings
        state = Mutex(try Self.load(settings))
    }

    /// A context for these settings that is already in use in this process, otherwise a new one. The authorities of a
    /// system take megabytes, and a pool of components needs them only once. Blocks on the disk.
    package static func shared(_ settings: TLSClientSettings) throws(TLSFailure) -> TLSClientContext {
        if let known = cache.withLock({ $0[settings]?.context }) { return known }
        let made = try TLSClientContext(settings)
        return cache.withLock { cache in
            if let known = cache[settings]?.context { return known }
            cache = cache.filter { $0.value.context != nil }
            cache[settings] = WeakContext(context: made)
            return made
        }
    }

    private struct WeakContext: Sendable {
        weak let context: TLSClientContext?
    }

    private static let cache = Mutex<[TLSClientSettings: WeakContext]>([:])

    /// The files are checked each time, so that a component that runs for months continues after its authority was
    /// renewed.
    private func current() throws(TLSFailure) -> NIOSSLContext {
        let stamps = FileStamp.of(Self.files(settings))
        let known = state.withLock { $0.stamps == stamps ? $0.context : nil }
        if let known { return known }
        let loaded = try Self.load(settings)
        state.withLock { $0 = loaded }
        return loaded.context
    }

    private static func files(_ settings: TLSClientSettings) -> [String] {
        [settings.authorities, settings.certificateFile, settings.keyFile].compactMap(\.self)
    }

    private static func load(_ settings: TLSClientSettings) throws(TLSFailure) -> State {
        let stamps = FileStamp.of(files(settings))
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.cipherSuites = CertificatePair.cipherSuites
        configuration.applicationProtocols = [settings.applicationProtocol]
        configuration.shutdownTimeout = .seconds(2)
        configuration.certificateVerification = .fullVerification
        if let path = settings.authorities {
            let file = PEMFile(role: "authority file", path: path, origin: settings.origins[path])
            configuration.trustRoots = .certificates(try CertificatePair.certificates(in: file))
        }
        if let certificate = settings.certificateFile {
            guard let key = settings.keyFile else {
                let origin = settings.origins[certificate].map { " (\($0))" } ?? ""
                throw TLSFailure(
                    "the client certificate \(certificate)\(origin) needs a key file, which is not set (REMBUS_CLIENT_KEY)"
                )
            }
            let pair = try CertificatePair(
                certificateFile: certificate, keyFile: key, role: "client ", origins: settings.origins)
            configuration.certificateChain = pair.sources
            configuration.privateKey = .privateKey(pair.key)
        }
        do {
            return State(context: try NIOSSLContext(configuration: configuration), stamps: stamps)
        } catch {
            throw TLSFailure(
                "TLS cannot be set up; if the system has no certificate authorities, install them (`ca-certificates`) or set HTTP_CA_BUNDLE"
            )
        }
    }

    /// The TLS target for connections to `host`. Blocks on the disk for a moment.
    func target(host: String) throws(TLSFailure) -> TLSTarget {
        TLSTarget(context: try current(), host: settings.serverName ?? host)
    }
}
#endif
