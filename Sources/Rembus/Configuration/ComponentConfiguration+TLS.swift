import Foundation
package import RembusTransport

extension ComponentConfiguration {
    /// The TLS context of a `wss` connection, read from the configured files; nil for a connection without TLS. Blocks
    /// on the disk. `protocol` is the name of the protocol that the handshake offers.
    ///
    /// Throws ``RembusError/Code/invalidSetting`` when a file cannot be used.
    package func tlsContext(
        protocol name: String = "http/1.1"
    ) throws(RembusError) -> TLSClientContext {
        let environment = effectiveEnvironment
        var origins: [String: String] = [:]
        func setting(_ given: String?, _ name: String, _ variable: String) -> String? {
            let found = given ?? environment[variable].flatMap { $0.isEmpty ? nil : $0 }
            if let found { origins[found] = given == nil ? variable : name }
            return found
        }
        var authorities = setting(tls.authorities, "tls.authorities", "HTTP_CA_BUNDLE")
        if authorities == nil {
            authorities = try authorityInFolder()
            if let authorities { origins[authorities] = "the single file there; HTTP_CA_BUNDLE names another" }
        }
        var settings = TLSClientSettings(
            authorities: authorities,
            certificateFile: setting(tls.certificate, "tls.certificate", "REMBUS_CLIENT_CERTIFICATE"),
            keyFile: setting(tls.privateKey, "tls.privateKey", "REMBUS_CLIENT_KEY"),
            serverName: tls.serverName)
        settings.applicationProtocol = name
        settings.origins = origins
        do {
            return try TLSClientContext.shared(settings)
        } catch {
            throw Settings.failure("Connections with TLS cannot be made: \(error).")
        }
    }

    /// The single file in `<directory>/ca`; nil when there is none.
    private func authorityInFolder() throws(RembusError) -> String? {
        let folder = resolvedDirectory() + "/ca"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let files = names.filter { !$0.hasPrefix(".") }.sorted()
        // With several files it is not clear which one is meant. Trusting all of them might trust more than was wanted.
        guard files.count <= 1 else {
            throw Settings.failure(
                "The folder \(folder) holds several files; keep the one with the authority there, or set HTTP_CA_BUNDLE."
            )
        }
        return files.first.map { "\(folder)/\($0)" }
    }
}
