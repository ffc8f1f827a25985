import RembusIdentity

/// Limits, so that neither a mistake nor a stolen administrator's account can fill the memory.
extension TrustDocument {
    /// The most administrators, tenants and read-only components, each.
    static let maximumNames = 10_000
    static let maximumPrivateTopics = 200_000
    static let maximumGrants = 200_000
    static let maximumRemoved = 100_000
    static let maximumNameBytes = 255
    static let maximumTopicBytes = 4096
    static let maximumTopicSegments = 64

    /// Throws when something exceeds the limits or is malformed.
    func check() throws(TrustError) {
        for (names, what) in [(admins, "administrators"), (readOnly, "read-only components")] {
            try Self.check(names.count, Self.maximumNames, what)
            for name in names { try Self.checkName(name) }
        }
        try Self.check(tenants.count, Self.maximumNames, "tenants")
        for (tenant, pin) in tenants.sorted() {
            // The tenant of the name `x.` is empty.
            if !tenant.isEmpty { try Self.checkName(tenant) }
            guard PinHash(pin) != nil else { throw TrustError("the pin of the tenant \"\(tenant)\" is not hashed") }
        }
        try Self.check(privateTopics.count, Self.maximumPrivateTopics, "private topics")
        for topic in privateTopics { try Self.checkTopic(topic) }
        try Self.check(grants.count, Self.maximumGrants, "grants")
        for grant in grants {
            try Self.checkName(grant.name)
            try Self.checkTopic(grant.topic)
            if grant.actions.isEmpty { throw TrustError("the grant of \"\(grant.name)\" allows no action") }
        }
        try Self.check(removed.count, Self.maximumRemoved, "removed components")
        for (name, time) in removed.sorted() {
            try Self.checkName(name)
            try RemovalTime.check(time)
        }
        try Self.check(imported.count, Self.maximumNames, "imported files")
    }

    private static func check(_ count: Int, _ limit: Int, _ what: String) throws(TrustError) {
        if count > limit { throw TrustError("there are \(count) \(what); \(limit) are possible") }
    }

    static func checkName(_ name: String) throws(TrustError) {
        guard !name.isEmpty, name.utf8.count <= maximumNameBytes else {
            throw TrustError("a name has between 1 and \(maximumNameBytes) bytes, not \(name.utf8.count)")
        }
        if name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            throw TrustError("a name must not contain control characters")
        }
    }

    static func checkTopic(_ topic: String) throws(TrustError) {
        guard !topic.isEmpty, topic.utf8.count <= maximumTopicBytes else {
            throw TrustError("a topic has between 1 and \(maximumTopicBytes) bytes, not \(topic.utf8.count)")
        }
        if topic.utf8.count(where: { $0 == UInt8(ascii: "/") }) >= maximumTopicSegments {
            throw TrustError("a topic has at most \(maximumTopicSegments) segments")
        }
    }
}
