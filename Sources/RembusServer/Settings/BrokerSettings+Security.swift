import RembusBroker
import RembusListening
import RembusWire

/// Settings about who may connect and how connections are protected.
extension BrokerSettings {
    static let securityKeys: [Key] = [
        Key(
            name: "connection_mode", variable: "REMBUS_CONNECTION_MODE",
            read: { .text($0.isAuthenticated ? "authenticated" : "anonymous") },
            write: { value, configuration in
                switch value {
                case .text("anonymous"): configuration.security.isAuthenticated = false
                case .text("authenticated"): configuration.security.isAuthenticated = true
                default: return false
                }
                return true
            }, expects: "one of anonymous, authenticated"),
        seconds("challenge_timeout", "REMBUS_CHALLENGE_TIMEOUT", \.security.challengeTimeout, 0.001...3600),
        flag("trust_names", "REMBUS_TRUST_NAMES", \.security.trustsNames),
        flag("registration", "REMBUS_REGISTRATION", \.security.allowsRegistration),
        whole("register_attempts", "REMBUS_REGISTER_ATTEMPTS", 1...1_000_000, \.security.maxRegisterAttempts),
        flag("secure", "REMBUS_SECURE", \.security.isSecure),
        text("keystore", "REMBUS_KEYSTORE", \.security.keystore),
        text("client_ca", "REMBUS_CLIENT_CA", \.security.clientAuthorities),
        choice("client_certificates", "REMBUS_CLIENT_CERTIFICATES", \.security.clientCertificates),
        texts(
            "allowed_origins", "REMBUS_ALLOWED_ORIGINS", \.security.allowedOrigins,
            "origins like https://panel.example, or *"
        ) { $0 == "*" || $0.contains("://") },
        texts(
            "trusted_proxies", "REMBUS_TRUSTED_PROXIES", \.security.trustedProxies,
            "addresses like 192.0.2.7, networks like 10.0.0.0/8, or unix", TrustedProxies.isUsable),
        text("audit_log", "REMBUS_AUDIT_LOG", \.security.auditLog),
        whole("audit_max_bytes", "REMBUS_AUDIT_MAX_BYTES", 4096...(1 << 40), \.security.auditMaxBytes),
    ]

    static let securityMeanings = [
        "connection_mode":
            "`anonymous`: everybody may connect; `authenticated`: nothing is possible before an identity is proven",
        "challenge_timeout": "seconds that a challenge is valid, and a connection may take to prove its identity",
        "trust_names":
            "a name needs no proof for administration and private topics; only for closed networks and tests",
        "registration": "components may register a key with their tenant's pin",
        "register_attempts": "wrong pins per minute and address; more are refused, with the right pin too",
        "secure": "connections are TLS (`wss://`), with `rembus.crt` and `rembus.key` of the keystore",
        "keystore": "folder of the server's certificate and key; null for `keystore` in the state folder",
        "client_ca": "a PEM file with the authorities that client certificates may come from",
        "client_certificates":
            "`none`, `optional` or `required`: a client's certificate proves the component name in it",
        "allowed_origins":
            "origins whose web pages may connect, such as `https://panel.example`; `*` for all; pages of the broker's own"
            + " host always may",
        "trusted_proxies":
            "addresses and networks of proxies that may say whom a connection or request is from, with the PROXY protocol,"
            + " `X-Forwarded-For` or `Forwarded`; `unix` for peers of Unix sockets; see [proxies.md](proxies.md)",
        "audit_log":
            "file for logins, refusals and administration; null for `audit.log` with the broker's state, `none`",
        "audit_max_bytes": "size at which the audit log begins a new file; four older ones are kept",
    ]
}
