/// The counts of clients' queries.
package struct QueryMetrics: Sendable, Equatable {
    /// Threads for queries.
    package var threads = 0
    /// Queries that are running, and queries that wait for a thread.
    package var running = 0
    package var waiting = 0
    /// Threads that still run a query whose time is over, because DuckDB cannot interrupt it.
    package var lostThreads = 0
    /// Queries that were answered at their time-out while their thread continued.
    package var late: UInt64 = 0
    /// Queries that were stopped because the process used too much memory meanwhile.
    package var stoppedForMemory: UInt64 = 0
    /// Queries that were cancelled because their client left.
    package var cancelled: UInt64 = 0
}
