package import RembusStore
package import RembusTables
package import RembusTrust
package import RembusWire

/// The storage of a broker, put together by the code that starts it.
package struct BrokerStorage: Sendable {
    /// The log of accepted publications.
    package var store: any Store
    /// Whether publications to a topic are recorded on the disk. Called once for each topic and lane.
    package var isRecorded: @Sendable (String) -> Bool
    /// How far back recorded publications are kept; nil when nothing limits it.
    package var retention: RetentionHorizon?
    /// The tables that publications fill. No publication may be missing from them.
    package var tables: FilledTables?
    /// For each partition, the receive time up to which publications are archived. New receive times start behind it,
    /// also when the journal was deleted and the clock set back. Otherwise the archive would take new publications for
    /// archived ones.
    package var archivedTimes: [UInt64]
    /// Saves subscriptions, marks and exposed topics; nil when nothing outlives the broker.
    package var components: ComponentKeeper?
    /// The records of components at the end of the last run.
    package var restored: [PackedComponent]
    /// Delivers records of components that are found later; nil when all are known.
    package var late: LateComponents?
    /// Publications at QoS 2 that were accepted shortly before the last run ended, and that publishers may send again.
    package var recentPublications: [RecentPublication]
    /// The methods of the storage, by topic.
    package var services: [String: StorageService]
    /// Takes over other values of `--record`. Throws when it cannot, and has changed nothing then.
    package var changeRecording: @Sendable ([String]) throws -> Void
    /// What is wrong with the storage now, for readiness; empty when it works. Called on any thread; must be quick.
    package var unreadyReasons: @Sendable () -> Set<UnreadyReason>
    /// Reports the figures of the storage to swift-metrics. Called on any thread but an event loop's.
    package var reportMetrics: @Sendable () -> Void
    /// The counts of journal and tables. Called on any thread but an event loop's.
    package var figures: @Sendable () -> StorageFigures = { StorageFigures() }
    /// Writes what is queued, and closes the storage. Called at the end, when there are no sessions.
    package var close: @Sendable () async -> Void
    /// The last values of topics, if they outlive the broker; nil to keep them in memory only.
    package var lastValues: LastValues?
    /// How the memory of the process is divided; nil when the storage has no part of it.
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

/// A method of the storage, with the rules about who may call it.
package struct StorageService: Sendable {
    /// Whether only administrators may call it.
    package var needsAdministrator = false
    /// The only tenant that may call it, and the only one that can see it; nil for all.
    package var tenant: String?
    /// The right to the topics that a caller needs.
    package var action: TrustAction
    /// The topics whose publications it reads or changes, as patterns with `*` for any segment; nil for none.
    package var topics: [String]?
    private let answer: @Sendable ([Value], String) async throws -> Value

    /// A method whose answer is the same for all callers.
    package init(
        tenant: String? = nil, action: TrustAction, topics: [String]? = nil,
        body: @escaping @Sendable ([Value]) async throws -> Value
    ) {
        self.tenant = tenant
        self.action = action
        self.topics = topics
        answer = { arguments, _ in try await body(arguments) }
    }

    /// A method for all tenants. Its answer contains what the caller's tenant may know.
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

    /// The closure that answers calls of a tenant's components. It gets the arguments.
    package func body(for tenant: String) -> @Sendable ([Value]) async throws -> Value {
        { [answer] in try await answer($0, tenant) }
    }
}

/// A publication at QoS 2 that was stored: its publisher, and the id that the publisher gave it.
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
