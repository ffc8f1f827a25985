import Foundation
import NIOCore
import NIOSSL
import RembusSupport
import RembusTransport

/// The result of reading the files of a `TLSServerSettings`.
struct TLSServerMaterial: Sendable {
    let context: NIOSSLContext
    let expiry: Date
    let summary: String
    /// The stamps of the files before they were read.
    let stamps: [String: FileStamp?]

    init(_ settings: TLSServerSettings) throws(TLSFailure) {
        stamps = Self.stamps(settings)
        let own = [settings.certificateFile, settings.keyFile]
        let main = try CertificatePair(
            certificateFile: own[0], keyFile: own[1], origins: Self.origins(of: own, settings))
        var further: [CertificatePair] = []
        for files in Self.furtherPairs(settings) {
            // The folder may also contain certificates that are for no host, such as an authority with its key.
            let leaf = try CertificatePair.certificates(
                in: PEMFile(role: "certificate file", path: files.certificate, origin: settings.keystoreOrigin))[
                    0]
            guard !leaf.hostNames.isEmpty else { continue }
            further.append(
                try CertificatePair(
                    certificateFile: files.certificate, keyFile: files.key,
                    origins: Self.origins(of: [files.certificate, files.key], settings)))
        }
        let pairs = [main] + further
        expiry = pairs.map(\.expiry).min() ?? main.expiry
        summary = pairs.map { pair in
            let hosts = pair.hosts.isEmpty ? "any host" : pair.hosts.joined(separator: " ")
            return "\(hosts) until \(pair.expiry.isoText)"
        }.joined(separator: "; ")
        context = try Self.makeContext(settings, main: main, pairs: pairs)
    }

    private static func origins(of files: [String], _ settings: TLSServerSettings) -> [String: String] {
        guard let origin = settings.keystoreOrigin else { return [:] }
        return Dictionary(files.map { ($0, origin) }) { first, _ in first }
    }

    private static func makeContext(
        _ settings: TLSServerSettings, main: CertificatePair, pairs: [CertificatePair]
    ) throws(TLSFailure) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: main.sources, privateKey: .privateKey(main.key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.cipherSuites = CertificatePair.cipherSuites
        configuration.applicationProtocols = ["http/1.1"]
        configuration.shutdownTimeout = .seconds(2)
        try requestCertificates(settings, &configuration)
        // Choosing a certificate takes a turn of the event loop per handshake, so it is done only where there are
        // several.
        if pairs.count > 1 {
            let chooser = CertificateChooser(pairs: pairs)
            configuration.sslContextCallback = { values, promise in
                promise.succeed(chooser.choice(for: values.serverHostname))
            }
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw TLSFailure("the TLS library does not take the certificates: \(error)")
        }
    }

    private static func requestCertificates(
        _ settings: TLSServerSettings, _ configuration: inout TLSConfiguration
    ) throws(TLSFailure) {
        switch settings.clientCertificates {
        case .none:
            configuration.certificateVerification = .none
            return
        case .optional: configuration.certificateVerification = .optionalVerification
        // Clients are not hosts. The caller checks the name in the certificate.
        case .required: configuration.certificateVerification = .noHostnameVerification
        }
        // The system's authorities are never used, because anyone can get a certificate from one of them.
        guard let path = settings.clientAuthorities else {
            throw TLSFailure(
                "client certificates are asked for, but no file says which authorities they come from; set client_ca"
            )
        }
        let authorities = try CertificatePair.certificates(
            in: PEMFile(role: "client authority file", path: path, origin: settings.authoritiesOrigin))
        configuration.trustRoots = .certificates(authorities)
        configuration.sendCANameList = true
    }

    // MARK: Files

    static func stamps(_ settings: TLSServerSettings) -> [String: FileStamp?] {
        var files = [settings.certificateFile, settings.keyFile]
        if let authorities = settings.clientAuthorities { files.append(authorities) }
        for pair in furtherPairs(settings) { files += [pair.certificate, pair.key] }
        return FileStamp.of(files)
    }

    /// Certificates with keys besides the main one. Certificates without a key are ignored.
    private static func furtherPairs(_ settings: TLSServerSettings) -> [(certificate: String, key: String)] {
        guard let folder = settings.furtherPairs,
            let names = try? FileManager.default.contentsOfDirectory(atPath: folder)
        else { return [] }
        let known = Set(names)
        return names.sorted().compactMap { name in
            guard name.hasSuffix(".crt"), !name.hasPrefix(".") else { return nil }
            let key = name.dropLast(4) + ".key"
            let (certificate, secret) = ("\(folder)/\(name)", "\(folder)/\(key)")
            guard known.contains(String(key)), certificate != settings.certificateFile, secret != settings.keyFile
            else { return nil }
            return (certificate, secret)
        }
    }
}

/// Chooses the certificate for the name that a client asks for (SNI).
private struct CertificateChooser: Sendable {
    private let byHost: [String: CertificatePair]

    init(pairs: [CertificatePair]) {
        var byHost: [String: CertificatePair] = [:]
        for pair in pairs {
            for host in pair.hosts where byHost[host] == nil { byHost[host] = pair }
        }
        self.byHost = byHost
    }

    /// No override, which means the main certificate, for names that no certificate has.
    func choice(for host: String?) -> NIOSSLContextConfigurationOverride {
        guard let host = host?.lowercased() else { return .noChanges }
        let parent = host.firstIndex(of: ".").map { "*" + host[$0...] }
        guard let pair = byHost[host] ?? parent.flatMap({ byHost[$0] }) else { return .noChanges }
        var override = NIOSSLContextConfigurationOverride()
        override.certificateChain = pair.sources
        override.privateKey = .privateKey(pair.key)
        return override
    }
}
