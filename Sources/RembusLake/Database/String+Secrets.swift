extension String {
    /// The text with what looks like a password or a secret key replaced by `***`: in `scheme://user:password@host`, in
    /// `password=…` as of a PostgreSQL connection string, and in `SECRET '…'` as of `CREATE SECRET`.
    package func withoutSecrets() -> String {
        // The patterns are built here because a Regex is not Sendable; this runs for error texts only.
        let inURL = /(:\/\/[^\s:@\/'"]*:)[^\s'"]*@/
        let assigned =
            /\b(password|passwd|sslpassword|secret|secret_access_key|session_token|token|key_id)(\s*=\s*)('(?:[^'\\]|''|\\.)*'?|"[^"]*"?|[^\s;&,)'"]+)/
            .ignoresCase()
        let quoted = /\b(password|secret|session_token|token|key_id)(\s+)'(?:[^']|'')*'?/.ignoresCase()
        return replacing(inURL) { "\($0.output.1)***@" }
            .replacing(assigned) { "\($0.output.1)\($0.output.2)***" }
            .replacing(quoted) { "\($0.output.1)\($0.output.2)'***'" }
    }
}
