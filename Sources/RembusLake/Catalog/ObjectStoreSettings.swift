/// The access to data files on an S3-style server, for a data path with an `s3://bucket/prefix` URL.
package struct ObjectStoreSettings: Sendable, Hashable {
    /// The server as `host`, `host:port` or an `http(s)://` URL; nil for Amazon's.
    package var endpoint: String?
    /// The region; nil for the server's default.
    package var region: String?
    /// The access key; nil for anonymous access.
    package var accessKey: String?
    /// The secret that belongs to the access key.
    package var secretKey: String?
    /// The token of temporary credentials.
    package var sessionToken: String?

    package init() {}

    /// Reads the environment variables of Amazon's tools: `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`, `AWS_REGION` or
    /// `AWS_DEFAULT_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
    package init(environment: [String: String]) {
        endpoint = environment["AWS_ENDPOINT_URL_S3"] ?? environment["AWS_ENDPOINT_URL"]
        region = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"]
        accessKey = environment["AWS_ACCESS_KEY_ID"]
        secretKey = environment["AWS_SECRET_ACCESS_KEY"]
        sessionToken = environment["AWS_SESSION_TOKEN"]
    }

    /// The statement that sets the access in DuckDB. It contains the secret key, so it must not be logged.
    var createSecret: String {
        var options = ["TYPE s3"]
        func add(_ name: String, _ value: String?) {
            if let value, !value.isEmpty { options.append("\(name) \(SQL.literal(value))") }
        }
        add("KEY_ID", accessKey)
        add("SECRET", secretKey)
        add("SESSION_TOKEN", sessionToken)
        add("REGION", region)
        if var host = endpoint, !host.isEmpty {
            // Servers other than Amazon's rarely have a host name for each bucket.
            options.append("URL_STYLE 'path'")
            for scheme in ["http://", "https://"] where host.hasPrefix(scheme) {
                options.append("USE_SSL \(scheme == "https://")")
                host.removeFirst(scheme.count)
            }
            while host.hasSuffix("/") { host.removeLast() }
            add("ENDPOINT", host)
        }
        return "CREATE OR REPLACE SECRET rembus_data (\(options.joined(separator: ", ")))"
    }
}
