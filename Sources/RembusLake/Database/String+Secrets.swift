extension String {
    /// The text with everything that looks like a password or a secret key replaced by `***`: in
    /// `scheme://user:password@host`, in `password=…` as in a PostgreSQL connection string, and in `SECRET '…'` as in
    /// `CREATE SECRET`.
    package func withoutSecrets() -> String {
        // The patterns are made here, because a Regex is not Sendable. This runs for error texts only.
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
