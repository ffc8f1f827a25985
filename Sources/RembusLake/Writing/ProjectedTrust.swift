/// The rights of a broker as they are written into the catalog, for other brokers on it and as a copy.
package struct ProjectedTrust: Sendable, Equatable {
    /// What a component may do with a private topic, or with those of a pattern.
    package struct Grant: Sendable, Equatable {
        package var name: String
        package var topic: String
        /// The actions' names.
        package var actions: [String]
        /// Whether these are all there are: then it is an authorization as the reference knows it.
        package var isComplete: Bool

        package init(name: String, topic: String, actions: [String], isComplete: Bool) {
            self.name = name
            self.topic = topic
            self.actions = actions
            self.isComplete = isComplete
        }
    }

    package var administrators: [String]
    package var readOnly: [String]
    /// Topics and patterns.
    package var privateTopics: [String]
    package var grants: [Grant]
    /// Tenants and the hashes of their pins.
    package var tenants: [(tenant: String, secret: String)]

    package init(
        administrators: [String] = [], readOnly: [String] = [], privateTopics: [String] = [], grants: [Grant] = [],
        tenants: [(tenant: String, secret: String)] = []
    ) {
        self.administrators = administrators
        self.readOnly = readOnly
        self.privateTopics = privateTopics
        self.grants = grants
        self.tenants = tenants
    }

    package static func == (left: ProjectedTrust, right: ProjectedTrust) -> Bool {
        left.administrators == right.administrators && left.readOnly == right.readOnly
            && left.privateTopics == right.privateTopics && left.grants == right.grants
            && left.tenants.elementsEqual(right.tenants) { $0 == $1 }
    }
}
