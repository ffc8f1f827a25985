package import RembusStore
package import RembusTables
package import RembusTrust
package import RembusWire

/// What a broker keeps its data in, put together by whoever starts it.
package struct BrokerStorage: Sendable {
    /// The log of accepted publications.
    package var store: any Store
    /// Whether publications under a topic go to the disk; asked once per topic and lane.
    package var isRecorded: @Sendable (String) -> Bool
    /// How far back recorded publications are there; nil for as far as there is anything.
    package var retention: RetentionHorizon?
    /// The tables that publications fill, which are not to lose any.
    package var tables: FilledTables?
    /// Per partition, the receive time up to which publications are archived: new ones come behind it, also when the
    /// journal was deleted and the clock set back, or the archive would take them for its own.
    package var archivedTimes: [UInt64]
    /// Where subscriptions, marks and exposed topics outlive the broker; nil for nowhere.
    package var components: ComponentKeeper?
    /// What was known of components when the broker ended.
    package var restored: [PackedComponent]
    /// What becomes known of them later; nil when all is known.
    package var late: LateComponents?
    /// QoS 2 publications taken shortly before the broker ended, which their publishers may send again.
    package var recentPublications: [RecentPublication]
    /// Methods that the storage offers, by topic.
    package var services: [String: StorageService]
    /// Takes over other values of `--record`. Throws when it cannot; then nothing has changed.
    package var changeRecording: @Sendable ([String]) throws -> Void
    /// What is wrong with the storage now, for readiness; empty when it works. On any thread, and quick.
    package var unreadyReasons: @Sendable () -> Set<UnreadyReason>
    /// Hands the figures of the storage to swift-metrics. On any thread but an event loop's.
    package var reportMetrics: @Sendable () -> Void
    /// What journal and tables have counted. On any thread but an event loop's.
    package var figures: @Sendable () -> StorageFigures = { StorageFigures() }
    /// Called at the end, when no session is left: writes what is queued and closes.
    package var close: @Sendable () async -> Void
    /// The last values of topics, where they outlive the broker; nil for in memory only.
    package var lastValues: LastValues?
    /// How the memory of the process is divided; nil when no part of it is the storage's.
    package var memory: MemoryPlan?

    package init(
        store: any Store, isRecorded: @escaping @Sendable (String) -> Bool = { _ in false },
        retention: RetentionHorizon? = nil, tables: FilledTables? = nil,
        archivedTimes: [UInt64] = [], components: ComponentKeeper? = nil, restored: [PackedComponent] = [],
        recentPublications: [RecentPublication] = [],
        services: [String: StorageService] = [:],
        changeRecording: @escaping @Sendable ([String]) throws -> Void = { _ in },
        unreadyReasons: @escaping @Sendable () -> Set<UnreadyReason> = { [] },
        reportMetrics: @escaping @Sendable () -> Void = {},
        close: @escaping @Sendable () async -> Void = {}
    ) {
        self.store = store
        self.isRecorded = isRecorded
        self.retention = retention
        self.tables = tables
        self.archivedTimes = archivedTimes
        self.components = components
        self.restored = restored
        self.recentPublications = recentPublications
        self.services = services
        self.changeRecording = changeRecording
        self.unreadyReasons = unreadyReasons
        self.reportMetrics = reportMetrics
        self.close = close
    }
}

/// A method that the storage offers, and who may call it.
package struct StorageService: Sendable {
    /// Whether only administrators may call it.
    package var needsAdministrator = false
    /// The only tenant that may call it, for which others do not exist; nil for all.
    package var tenant: String?
    /// What it does with the topics whose publications it reads or changes.
    package var action: TrustAction
    /// The topics whose publications it reads or changes, as patterns with `*` for each segment that may be anything;
    /// nil for none.
    package var topics: [String]?
    private let answer: @Sendable ([Value], String) async throws -> Value

    /// A method whose answer is the same for all who may call it.
    package init(
        tenant: String? = nil, action: TrustAction, topics: [String]? = nil,
        body: @escaping @Sendable ([Value]) async throws -> Value
    ) {
        self.tenant = tenant
        self.action = action
        self.topics = topics
        answer = { arguments, _ in try await body(arguments) }
    }

    /// A method for all tenants that answers with what the caller's tenant may know.
    package init(
        action: TrustAction, topics: [String]? = nil, needsAdministrator: Bool = false,
        answer: @escaping @Sendable (_ arguments: [Value], _ tenant: String) async throws -> Value
    ) {
        tenant = nil
        self.action = action
        self.topics = topics
        self.needsAdministrator = needsAdministrator
        self.answer = answer
    }

    /// Answers calls of a tenant's components, given their arguments.
    package func body(for tenant: String) -> @Sendable ([Value]) async throws -> Value {
        { [answer] in try await answer($0, tenant) }
    }
}

/// A QoS 2 publication that was stored: its publisher and the id that the publisher gave it.
package struct RecentPublication: Sendable, Hashable {
    package var publisher: String
    package var id: MessageID
    package var receivedAt: UInt64

    package init(publisher: String, id: MessageID, receivedAt: UInt64) {
        self.publisher = publisher
        self.id = id
        self.receivedAt = receivedAt
    }
}
