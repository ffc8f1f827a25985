/// The JSON form of `trust.json`: one object. Each of its lists may be missing.
extension TrustDocument: Codable {
    /// The version of the form. A file of a later version is refused.
    private static let version = 1

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case version
        case admins
        case tenants
        case privateTopics = "private_topics"
        case grants
        case readOnly = "read_only"
        case removed
        case imported
    }

    private struct Tenant: Codable {
        enum CodingKeys: String, CodingKey, CaseIterable {
            case tenant
            case pin
        }

        var tenant: String
        var pin: String

        init(tenant: String, pin: String) {
            self.tenant = tenant
            self.pin = pin
        }

        init(from decoder: any Decoder) throws {
            try decoder.refuseKeys(except: CodingKeys.allCases.map(\.rawValue))
            let container = try decoder.container(keyedBy: CodingKeys.self)
            let tenant = try container.decode(String.self, forKey: .tenant)
            self.tenant = tenant
            try container.check(.tenant) { () throws(TrustError) in
                if !tenant.isEmpty { try TrustDocument.checkName(tenant) }
            }
            pin = try container.decode(String.self, forKey: .pin)
        }
    }

    private struct Removal: Codable {
        enum CodingKeys: String, CodingKey, CaseIterable {
            case name
            case at
        }

        var name: String
        var at: String

        init(name: String, at: String) {
            self.name = name
            self.at = at
        }

        init(from decoder: any Decoder) throws {
            try decoder.refuseKeys(except: CodingKeys.allCases.map(\.rawValue))
            let container = try decoder.container(keyedBy: CodingKeys.self)
            let (name, at) = (
                try container.decode(String.self, forKey: .name), try container.decode(String.self, forKey: .at)
            )
            (self.name, self.at) = (name, at)
            try container.check(.name) { () throws(TrustError) in try TrustDocument.checkName(name) }
            try container.check(.at) { () throws(TrustError) in try RemovalTime.check(at) }
        }
    }

    package init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(except: CodingKeys.allCases.map(\.rawValue))
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let version = try container.decodeIfPresent(Int.self, forKey: .version) ?? Self.version
        guard version == Self.version else {
            throw DecodingError.dataCorruptedError(
                forKey: .version, in: container,
                debugDescription: "is \(version), but this broker knows version \(Self.version) only")
        }
        admins = try container.list(NameSet.self, .admins) ?? []
        for entry in try container.list([Tenant].self, .tenants) ?? [] {
            try container.refuseSecond(entry.tenant, in: tenants, .tenants)
            tenants[entry.tenant] = entry.pin
        }
        privateTopics = try container.list(NameSet.self, .privateTopics) ?? []
        grants = try container.list([Grant].self, .grants) ?? []
        readOnly = try container.list(NameSet.self, .readOnly) ?? []
        for entry in try container.list([Removal].self, .removed) ?? [] {
            try container.refuseSecond(entry.name, in: removed, .removed)
            removed[entry.name] = entry.at
        }
        imported = try container.list(NameSet.self, .imported) ?? []
        for (names, key) in [(admins, CodingKeys.admins), (readOnly, .readOnly)] {
            try container.check(key) { () throws(TrustError) in for name in names { try Self.checkName(name) } }
        }
        try container.check(.privateTopics) { () throws(TrustError) in
            for topic in privateTopics { try Self.checkTopic(topic) }
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(Self.version, forKey: .version)
        try container.encode(admins, forKey: .admins)
        try container.encode(tenants.sorted().map { Tenant(tenant: $0.key, pin: $0.value) }, forKey: .tenants)
        try container.encode(privateTopics, forKey: .privateTopics)
        try container.encode(grants, forKey: .grants)
        try container.encode(readOnly, forKey: .readOnly)
        if !removed.isEmpty {
            try container.encode(removed.sorted().map { Removal(name: $0.key, at: $0.value) }, forKey: .removed)
        }
        if !imported.isEmpty { try container.encode(imported, forKey: .imported) }
    }
}

extension KeyedDecodingContainer {
    /// Throws when a name has two entries, because only one of them would count.
    fileprivate func refuseSecond(_ name: String, in entries: NameMap, _ key: Key) throws {
        guard entries[name] != nil else { return }
        throw DecodingError.dataCorruptedError(
            forKey: key, in: self, debugDescription: "has \"\(name)\" twice; keep one of the two")
    }

    /// Decodes a list that may be missing. null is refused, because it would silently make private topics public, and
    /// read-only components writers.
    fileprivate func list<List: Decodable>(_ type: List.Type, _ key: Key) throws -> List? {
        contains(key) ? try decode(type, forKey: key) : nil
    }
}
