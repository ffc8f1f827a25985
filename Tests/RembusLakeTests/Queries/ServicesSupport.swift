import Dispatch
import Foundation
import RembusLake

/// A writer as the lake's: one thread, one connection.
final class TestWriter: TableWriting, @unchecked Sendable {
    // The connection is used on the queue alone, hence unchecked.
    private let queue = DispatchQueue(label: "test.writer")
    private let connection: DatabaseConnection

    init(_ connection: DatabaseConnection) {
        self.connection = connection
    }

    func perform<Output: Sendable>(
        until deadline: ContinuousClock.Instant?, late: LakeError,
        _ body: @escaping @Sendable (DatabaseConnection) throws -> Output
    ) async throws -> Output {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { [self] in continuation.resume(with: Result { try body(connection) }) }
        }
    }

    func waitUntilCurrent(timeout: Duration) async throws {}
}

/// A folder that goes with the test.
final class TemporaryFolder: Sendable {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("rembus-services-\(UUID().uuidString)")
        .path

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
