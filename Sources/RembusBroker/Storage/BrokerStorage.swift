package import RembusStore
package import RembusTrust
package import RembusWire

/// What a broker keeps its data in, put together by whoever starts it.
package struct BrokerStorage: Sendable {
    /// The log of accepted publications.
    package var store: any Store
    /// Whether publications under a topic go to the disk; asked once per topic and lane.
    package var isRecorded: @Sendable (String) -> Bool
    /// Per partition, the receive time up to which publications are archived: new ones come behind it, also when the
    /// journal was deleted and the clock set back, or the archive would take them for its own.
    package var archivedTimes: [UInt64]
    /// Where subscriptions, marks and exposed topics outlive the broker; nil for nowhere.
    package var components: ComponentKeeper?
    /// What was known of components when the broker ended.
    package var restored: [ComponentRecord]
    /// QoS 2 publications taken shortly before the broker ended, which their publishers may send again.
    package var recentPublications: [RecentPublication]
    /// Methods that the storage offers, by topic.
    package var services: [String: StorageService]
    /// Hands the figures of the storage to swift-metrics. On any thread but an event loop's.
    package var reportMetrics: @Sendable () -> Void
    /// Called at the end, when no session is left: writes what is queued and closes.
    package var close: @Sendable () async -> Void

    package init(
        store: any Store, isRecorded: @escaping @Sendable (String) -> Bool = { _ in false },
        archivedTimes: [UInt64] = [], components: ComponentKeeper? = nil, restored: [ComponentRecord] = [],
        recentPublications: [RecentPublication] = [],
        services: [String: StorageService] = [:],
        reportMetrics: @escaping @Sendable () -> Void = {},
        close: @escaping @Sendable () async -> Void = {}
    ) {
        self.store = store
        self.isRecorded = isRecorded
        self.archivedTimes = archivedTimes
        self.components = components
        self.restored = restored
        self.recentPublications = recentPublications
        self.services = services
        self.reportMetrics = reportMetrics
        self.close = close
    }
}

/// A method that the storage offers, and who may call it.
package struct StorageService: Sendable {
    /// The only tenant that may call it, for which others do not exist; nil for all.
    package var tenant: String?
    /// What it does with the topics whose publications it reads or changes.
    package var action: TrustAction
    /// The topics whose publications it reads or changes, as patterns with `*` for each segment that may be anything;
    /// nil for none.
    package var topics: [String]?
    /// Answers a call, given its arguments.
    package var body: @Sendable ([Value]) async throws -> Value

    package init(
        tenant: String? = nil, action: TrustAction, topics: [String]? = nil,
        body: @escaping @Sendable ([Value]) async throws -> Value
    ) {
        self.tenant = tenant
        self.action = action
        self.topics = topics
        self.body = body
    }
}

/// A QoS 2 publication that was stored: its publisher and the id that the publisher gave it.
package struct RecentPublication: Sendable, Hashable {
    package var publisher: String
    package var id: MessageID

    package init(publisher: String, id: MessageID) {
        self.publisher = publisher
        self.id = id
    }
}
