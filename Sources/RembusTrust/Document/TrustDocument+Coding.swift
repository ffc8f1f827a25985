/// The form of `trust.json`: one object, whose lists may each be left out.
extension TrustDocument: Codable {
    /// The version of the form; a file of a later one is refused.
    private static let version = 1

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case version
        case admins
        case tenants
        case privateTopics = "private_topics"
        case grants
        case readOnly = "read_only"
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
            tenant = try container.decode(String.self, forKey: .tenant)
            pin = try container.decode(String.self, forKey: .pin)
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
        admins = try container.decodeIfPresent(NameSet.self, forKey: .admins) ?? []
        for entry in try container.decodeIfPresent([Tenant].self, forKey: .tenants) ?? [] {
            tenants[entry.tenant] = entry.pin
        }
        privateTopics = try container.decodeIfPresent(NameSet.self, forKey: .privateTopics) ?? []
        grants = try container.decodeIfPresent([Grant].self, forKey: .grants) ?? []
        readOnly = try container.decodeIfPresent(NameSet.self, forKey: .readOnly) ?? []
        imported = try container.decodeIfPresent(NameSet.self, forKey: .imported) ?? []
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(Self.version, forKey: .version)
        try container.encode(admins, forKey: .admins)
        try container.encode(tenants.sorted().map { Tenant(tenant: $0.key, pin: $0.value) }, forKey: .tenants)
        try container.encode(privateTopics, forKey: .privateTopics)
        try container.encode(grants, forKey: .grants)
        try container.encode(readOnly, forKey: .readOnly)
        if !imported.isEmpty { try container.encode(imported, forKey: .imported) }
    }
}
