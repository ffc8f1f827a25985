/// The one place where tables are written: the writer of the lake, which runs such writes between its batches.
package protocol TableWriting: Sendable {
    /// Runs `body` on the writer's thread, with its connection and no transaction open.
    ///
    /// - Parameters:
    ///   - deadline: When it must have begun; else it is not run and `late` is thrown.
    ///   - late: The error for what came too late.
    func perform<Output: Sendable>(
        until deadline: ContinuousClock.Instant?, late: LakeError,
        _ body: @escaping @Sendable (DatabaseConnection) throws -> Output
    ) async throws -> Output

    /// Returns when the tables have everything that the broker had accepted when this was called.
    ///
    /// - Throws: ``LakeError``, `timedOut` when the time is over first.
    func waitUntilCurrent(timeout: Duration) async throws
}

extension TableWriting {
    /// Runs `body` on the writer's thread, whenever that is free.
    package func perform<Output: Sendable>(
        _ body: @escaping @Sendable (DatabaseConnection) throws -> Output
    ) async throws -> Output {
        try await perform(until: nil, late: .stopping, body)
    }
}

extension LakeWriter: TableWriting {}
