package import RembusStore

/// What a broker keeps on the disk, and how (docs/spec/storage.md).
public struct StorageConfiguration: Sendable, Equatable {
    /// The file that describes tables and the topics that fill them (docs/spec/storage.md §2); nil for none.
    public var schemaFile: String?
    /// Topics whose publications are recorded: `all`, `none`, or patterns that may carry a retention
    /// (`alarm/**,age=30d,size=1GB`); the first that matches counts. Publications that fill a table are stored there in
    /// any case.
    public var record = ["all"]

    /// Topics and patterns whose last publication is kept, for whoever asks for it or subscribes with it. What MQTT clients
    /// have retained is kept in any case.
    public var lastValues: [String] = []

    // MARK: Journal

    /// When a publication counts as stored, and so when QoS 1 and 2 are acknowledged.
    public var journalSync = JournalSync.always
    /// With ``JournalSync/interval``: how much a power failure may cost.
    public var journalSyncInterval = Duration.milliseconds(100)
    /// Bytes of journal that stay for fast replay when the lake has them too.
    public var journalRetainedBytes = 256 << 20
    /// Bytes of journal at most while the lake cannot take them; then the broker behaves as with a full disk. 0 for no
    /// limit.
    public var journalMaxBytes = 0

    // MARK: Lake

    /// The DuckLake catalog: `ducklake:<path>`, `ducklake:sqlite:<path>`, `ducklake:postgres:<conninfo>`;
    /// nil for `<name>.ducklake` in the state folder. May contain a password.
    public var lakeURL: String?
    /// A local folder or an `s3://` URL for the data files; nil for the broker's folder in the state folder.
    public var lakeDataPath: String?
    /// Uses the data path that the catalog remembers.
    public var ignoresDataPath = false
    /// How often what was published moves from the journal to the lake.
    public var archiverInterval = Duration.seconds(1)
    /// Bytes of memory that DuckDB may use, for writing and queries together; beyond it spills to the disk.
    public var lakeMemoryBytes = 1 << 30
    /// Threads that DuckDB may use.
    public var lakeThreads = 2
    /// Queries that run at a time.
    public var queryThreads = 2
    /// Batches of up to this many rows per table stay inside the catalog until they are flushed into a file; 0 for none.
    public var inliningRows = 100
    /// How often small batches are flushed and small files merged.
    public var maintenanceInterval = Duration.seconds(60)
    /// How far back time travel goes at least; zero keeps every snapshot.
    public var snapshotRetention = Duration.seconds(7 * 24 * 3600)

    /// A configuration with every default.
    public init() {}
}

extension StorageConfiguration {
    /// When something counts as written, for everything that is answered when it is.
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
    /// When the disk has confirmed it; one confirmation serves all that wait.
    case always
    /// When it was written; the disk confirms every so often.
    case interval
    /// When it was written; when it reaches the disk is left to the system.
    case none
}
