package import RembusStore

/// What a broker writes to the disk, and how (docs/spec/storage.md).
public struct StorageConfiguration: Sendable, Equatable {
    /// The file that describes tables, and the topics that fill them (docs/spec/storage.md §2); nil for none.
    public var schemaFile: String?
    /// The topics whose publications are recorded: `all`, `none`, or patterns, each with an optional retention
    /// (`alarm/**,age=30d,size=1GB`). The first pattern that matches a topic counts. Publications that fill a table are
    /// stored there in any case.
    public var record = ["all"]

    /// Topics and patterns whose last publication is kept for components that ask for it or subscribe with it. Messages
    /// that MQTT clients retain are kept in any case.
    public var lastValues: [String] = []

    // MARK: Journal

    /// When a publication counts as stored, and so when QoS 1 and 2 are acknowledged.
    public var journalSync = JournalSync.always
    /// With ``JournalSync/interval``, the time between syncs: a power failure may lose what was published in that time.
    public var journalSyncInterval = Duration.milliseconds(100)
    /// Bytes of journal that are kept for fast replay after the lake has taken them over.
    public var journalRetainedBytes = 256 << 20
    /// The most bytes of journal while the lake cannot take them over. Beyond that the broker behaves as with a full
    /// disk. 0 for no limit.
    public var journalMaxBytes = 0

    // MARK: Lake

    /// The DuckLake catalog: `ducklake:<path>`, `ducklake:sqlite:<path>` or `ducklake:postgres:<conninfo>`; nil for
    /// `<name>.ducklake` in the state folder. May contain a password.
    public var lakeURL: String?
    /// A local folder or an `s3://` URL for the data files; nil for a folder in the broker's state folder.
    public var lakeDataPath: String?
    /// Whether the data path that the catalog remembers is used instead of ``lakeDataPath``.
    public var ignoresDataPath = false
    /// How often publications are moved from the journal to the lake.
    public var archiverInterval = Duration.seconds(1)
    /// Bytes of memory that DuckDB may use for writing and queries together. What needs more is spilled to the disk.
    public var lakeMemoryBytes = 1 << 30
    /// Threads that DuckDB may use.
    public var lakeThreads = 2
    /// The number of queries that may run at a time.
    public var queryThreads = 2
    /// Batches of up to this many rows per table stay inside the catalog until they are flushed to a file; 0 for none.
    public var inliningRows = 100
    /// How often small batches are flushed and small files merged.
    public var maintenanceInterval = Duration.seconds(60)
    /// How far back time travel reaches at least; zero keeps every snapshot.
    public var snapshotRetention = Duration.seconds(7 * 24 * 3600)

    /// All default settings.
    public init() {}
}

extension StorageConfiguration {
    /// When a file that has to be written before an answer counts as written.
    package var syncPolicy: SyncPolicy {
        switch journalSync {
        case .always: .always
        case .interval: .interval(journalSyncInterval)
        case .none: .none
        }
    }
}

/// When a publication counts as stored.
public enum JournalSync: String, Sendable, CaseIterable, Codable {
    /// When the disk has confirmed it. One confirmation serves all publications that wait.
    case always
    /// When it was written to the system. The disk confirms at an interval.
    case interval
    /// When it was written to the system, which decides when it reaches the disk.
    case none
}
