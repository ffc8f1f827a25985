/// How queries of clients stand and went.
package struct QueryMetrics: Sendable, Equatable {
    /// Threads for queries.
    package var threads = 0
    /// Queries that run, and that wait for a thread.
    package var running = 0
    package var waiting = 0
    /// Threads that still work on a query whose time is over, because DuckDB cannot interrupt it.
    package var lostThreads = 0
    /// Queries that were answered at their time-out while their thread went on.
    package var late: UInt64 = 0
    /// Queries that were stopped because the process took too much memory meanwhile.
    package var stoppedForMemory: UInt64 = 0
    /// Queries that were cancelled because their client left.
    package var cancelled: UInt64 = 0
}
