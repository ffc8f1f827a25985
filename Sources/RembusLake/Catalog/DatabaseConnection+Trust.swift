import RembusWire

extension DatabaseConnection {
    /// The administrators in the catalog that others have written there.
    func storedAdministrators(name: String) throws(LakeError) -> [String] {
        try query(
            """
            SELECT DISTINCT twin FROM \(SystemTable.admin.sql) WHERE name = $1 AND twin IS NOT NULL
            EXCEPT SELECT twin FROM \(SystemTable.trust.sql) WHERE name = $1 AND kind = '\(TrustKind.admin.rawValue)'
            ORDER BY 1
            """, [.text(name)]
        ).rows.compactMap { $0[0].text }
    }

    /// The authorizations in the catalog that others have written there.
    func storedAuthorizations(name: String) throws(LakeError) -> [(topic: String, name: String)] {
        try query(
            """
            SELECT DISTINCT topic, twin FROM \(SystemTable.topicAuth.sql) WHERE name = $1
            EXCEPT SELECT topic, twin FROM \(SystemTable.trust.sql)
            WHERE name = $1 AND kind = '\(TrustKind.grant.rawValue)'
            ORDER BY ALL
            """, [.text(name)]
        ).rows.compactMap { row in row[0].text.flatMap { topic in row[1].text.map { (topic, $0) } } }
    }

    /// The tenants in the catalog, with their secrets.
    func storedTenants(name: String) throws(LakeError) -> [(tenant: String, secret: String)] {
        try query("SELECT tenant, secret FROM \(SystemTable.tenant.sql) WHERE name = ? ORDER BY 1", [.text(name)])
            .rows.compactMap { row in row[0].text.flatMap { tenant in row[1].text.map { (tenant, $0) } } }
    }

    /// The rights that this broker has written last, without tenants; nil when it has written none.
    func storedTrust(name: String) throws(LakeError) -> ProjectedTrust? {
        let rows = try query(
            "SELECT kind, twin, topic, actions FROM \(SystemTable.trust.sql) WHERE name = ? ORDER BY ALL",
            [.text(name)]
        ).rows
        guard !rows.isEmpty else { return nil }
        var trust = ProjectedTrust()
        for row in rows {
            let (twin, topic) = (row[1].text, row[2].text)
            switch row[0].text.flatMap(TrustKind.init) {
            case .admin: if let twin { trust.administrators.append(twin) }
            case .readOnly: if let twin { trust.readOnly.append(twin) }
            case .privateTopic: if let topic { trust.privateTopics.append(topic) }
            case .grant:
                guard let twin, let topic else { continue }
                let actions = (row[3].text ?? "").utf8.split(separator: UInt8(ascii: ",")).map { String(Substring($0)) }
                trust.grants.append(
                    ProjectedTrust.Grant(
                        name: twin, topic: topic, actions: actions == ["all"] ? [] : actions,
                        isComplete: actions == ["all"]))
            case .present, nil: continue
            }
        }
        return trust
    }
}
