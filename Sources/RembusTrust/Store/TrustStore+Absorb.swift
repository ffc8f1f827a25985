import RembusIdentity

extension TrustStore {
    /// Imports rights from the catalog of a broker of the reference. Blocks.
    ///
    /// The arguments must not contain what this broker has written there itself: a right that was withdrawn here would
    /// come back.
    /// - Parameters:
    ///   - tenants: Tenants with their pins. A plain pin is imported, because an administrator has put it there. A hash
    ///     is imported only for a tenant that is not known here.
    ///   - authorizations: Private topics with the names that may use them.
    ///   - privateTopics: Private topics without names.
    ///   - readOnly: Read-only components.
    ///   - grants: Grants beyond authorizations.
    package func absorb(
        administrators: [String], tenants: [(tenant: String, secret: String)],
        authorizations: [(topic: String, name: String)], privateTopics: [String] = [], readOnly: [String] = [],
        grants: [Grant] = []
    ) throws(TrustError) {
        // Hashing is slow on purpose, so it is not done while others wait for the file.
        let known = document.tenants
        let pins = tenants.compactMap { tenant, secret -> (tenant: String, pin: String)? in
            guard PinHash(secret) != nil else { return (tenant, PinHash.make(secret).text) }
            return known[tenant] == nil ? (tenant, secret) : nil
        }
        try update { document throws(TrustError) in
            for name in administrators { document.admins.insert(name) }
            for (tenant, pin) in pins { document.tenants[tenant] = pin }
            for (topic, name) in authorizations {
                document.makePrivate(topic)
                document.grants.append(Grant(name: name, topic: topic))
            }
            for name in readOnly { document.readOnly.insert(name) }
            for topic in privateTopics { document.makePrivate(topic) }
            document.grants += grants
        }
    }
}

extension String {
    /// Whether this text is the hash of a pin rather than a pin.
    package var isPinHash: Bool { PinHash(self) != nil }
}
