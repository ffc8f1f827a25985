import RembusTrust

extension Principal {
    static let anonymous = Principal(name: nil, tenant: ".", isProven: false)

    static func proven(_ name: String) -> Principal { Principal(name: name, tenant: ".", isProven: true) }

    static func claimed(_ name: String) -> Principal { Principal(name: name, tenant: ".", isProven: false) }
}

extension AccessRules {
    init(
        private topics: [String] = [], grants: [Grant] = [], readOnly: [String] = [], admins: [String] = [],
        trustsNames: Bool = false
    ) {
        var document = TrustDocument()
        document.privateTopics = NameSet(topics)
        document.grants = grants
        document.readOnly = NameSet(readOnly)
        document.admins = NameSet(admins)
        self.init(document, trustsNames: trustsNames)
    }
}
