import Dispatch
import RembusLake
import Synchronization
import Testing

/// Queries whose threads do not come back: DuckDB cannot interrupt every function.
@Suite struct ReaderPoolTests {
    private static let database = Result { () throws(LakeError) in try Database() }

    private func pool(_ count: Int) throws -> ReaderPool {
        let database = try Self.database.get()
        return ReaderPool(count: count, logger: .lakeTests) { () throws(LakeError) in try database.connect() }
    }

    /// A query that holds its thread until `release` is signalled.
    private func stuck(
        _ pool: ReaderPool, _ release: DispatchSemaphore, for time: Duration
    ) -> Task<LakeError?, Never> {
        Task {
            do {
                try await pool.perform(until: .now + time) { _ in release.wait() }
                return nil
            } catch {
                return error as? LakeError
            }
        }
    }

    @Test func queriesAreAnsweredAtTheirTimeOutWhateverTheirThreadsDo() async throws {
        let pool = try pool(2)
        let release = DispatchSemaphore(value: 0)
        let stuck = (0..<4).map { _ in self.stuck(pool, release, for: .milliseconds(50)) }
        // Two of them have a thread that does not come back, two wait.
        for query in stuck { #expect(await query.value?.kind == .timedOut) }
        #expect(pool.metrics.lostThreads == 2 && pool.metrics.late == 2)
        // Others have taken their place.
        for _ in 0..<4 {
            #expect(try await pool.perform { try $0.query("SELECT 1").value?.integer } == 1)
        }
        for _ in stuck { release.signal() }
        while pool.metrics.lostThreads > 0 { await Task.yield() }
        #expect(try await pool.perform { try $0.query("SELECT 2").value?.integer } == 2)
        #expect(pool.metrics.running == 0 && pool.metrics.threads == 2)
        await pool.close()
    }

    @Test func closingGivesUpThreadsThatDoNotComeBack() async throws {
        let pool = try pool(1)
        let release = DispatchSemaphore(value: 0)
        let stuck = stuck(pool, release, for: .seconds(600))
        while pool.metrics.running == 0 { await Task.yield() }
        let waiting = self.stuck(pool, release, for: .seconds(600))
        while pool.metrics.waiting == 0 { await Task.yield() }
        await pool.close(timeout: .milliseconds(20))
        #expect(await stuck.value?.kind == .unavailable)
        #expect(await waiting.value?.kind == .unavailable)
        await #expect(throws: LakeError.self) { try await pool.perform { _ in } }
        release.signal()
        release.signal()
    }

    @Test func aCancelledQueryIsStopped() async throws {
        let pool = try pool(1)
        let query = Task {
            try await pool.perform { connection in
                try connection.query("SELECT sum(a.i * b.i) FROM range(10000000) a(i), range(10000000) b(i)").rowCount
            }
        }
        while pool.metrics.running == 0 { await Task.yield() }
        query.cancel()
        await #expect(throws: LakeError.self) { try await query.value }
        #expect(pool.metrics.cancelled == 1)
        await pool.close()
    }
}
