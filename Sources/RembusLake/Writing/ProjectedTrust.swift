/// The rights of a broker in the form that is written to the catalog, for other brokers that use it and as a copy.
package struct ProjectedTrust: Sendable, Equatable {
    /// The rights of a component to a private topic, or to those of a pattern.
    package struct Grant: Sendable, Equatable {
        package var name: String
        package var topic: String
        /// The names of the actions.
        package var actions: [String]
        /// Whether these are all actions, so that it is an authorization as in the reference.
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
    /// Tenants with the hashes of their pins.
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
