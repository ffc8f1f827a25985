/// Writes tables: implemented by the writer of the lake, which runs such writes between its batches.
package protocol TableWriting: Sendable {
    /// Runs `body` on the writer's thread, with its connection and without an open transaction.
    ///
    /// - Parameters:
    ///   - deadline: When `body` must have started; otherwise it is not run and `late` is thrown.
    ///   - late: The error for a call that was too late.
    func perform<Output: Sendable>(
        until deadline: ContinuousClock.Instant?, late: LakeError,
        _ body: @escaping @Sendable (DatabaseConnection) throws -> Output
    ) async throws -> Output

    /// Returns when the tables contain everything that the broker had accepted at the time of the call.
    ///
    /// - Throws: ``LakeError``; `timedOut` when the time is over before.
    func waitUntilCurrent(timeout: Duration) async throws
}

extension TableWriting {
    /// Runs `body` on the writer's thread when it is free, without a deadline.
    package func perform<Output: Sendable>(
        _ body: @escaping @Sendable (DatabaseConnection) throws -> Output
    ) async throws -> Output {
        try await perform(until: nil, late: .stopping, body)
    }
}

extension LakeWriter: TableWriting {}
