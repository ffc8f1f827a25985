/// The one place where tables are written: the writer of the lake, which runs such writes between its batches.
package protocol TableWriting: Sendable {
    /// Runs `body` on the writer's thread, with its connection and no transaction open.
    func perform<Output: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> Output
    ) async throws -> Output
}

extension LakeWriter: TableWriting {}
