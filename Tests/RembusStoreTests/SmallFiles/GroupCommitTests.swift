import Logging
import RembusStore
import Synchronization
import Testing

@Suite struct GroupCommitTests {
    /// A disk that waits, fails and counts as the test says.
    private final class Disk: Sendable {
        let syncs = Mutex<[Bool]>([])
        let failures = Mutex(0)
        let gate = Mutex(())

        func write(_ isSynced: Bool) throws(StorageError) {
            gate.withLock { _ in }
            let fails = failures.withLock { left in
                left -= 1
                return left >= 0
            }
            if fails { throw StorageError("no room") }
            syncs.withLock { $0.append(isSynced) }
        }
    }

    private func commit(_ disk: Disk, _ policy: SyncPolicy = .always) -> GroupCommit {
        GroupCommit("things", policy: policy, logger: Logger(label: "test")) { isSynced throws(StorageError) in
            try disk.write(isSynced)
        }
    }

    /// Waits until everything so far is durable.
    private func durable(_ commit: GroupCommit) async {
        await withCheckedContinuation { continuation in
            if !commit.whenDurable({ continuation.resume() }) { continuation.resume() }
        }
    }

    @Test func oneSyncServesAllThatWait() async {
        let disk = Disk()
        let commit = commit(disk)
        await withTaskGroup(of: Void.self) { tasks in
            // What comes while the disk is busy waits for the next sync, however much it is.
            disk.gate.withLock { _ in
                for _ in 0..<1000 { commit.change() }
                for _ in 0..<1000 { tasks.addTask { await durable(commit) } }
            }
            await tasks.waitForAll()
        }
        #expect(disk.syncs.withLock { $0.count } <= 3)
        #expect(disk.syncs.withLock { $0.allSatisfy { $0 } })
    }

    @Test func nobodyWaitsForWhatIsDurable() async {
        let disk = Disk()
        let commit = commit(disk)
        #expect(!commit.whenDurable { Issue.record("nothing has changed") })
        commit.change()
        await durable(commit)
        #expect(!commit.whenDurable { Issue.record("nothing has changed since") })
    }

    @Test func nobodyIsToldBeforeADiskThatFailsWorksAgain() async {
        let disk = Disk()
        disk.failures.withLock { $0 = 1 }
        let commit = commit(disk)
        commit.change()
        await durable(commit)
        #expect(disk.syncs.withLock { $0 } == [true])
        #expect(disk.failures.withLock { $0 } < 0)
    }

    @Test func thePolicySaysWhetherASyncIsNeeded() async {
        let disk = Disk()
        let commit = commit(disk, .none)
        commit.change()
        await durable(commit)
        #expect(disk.syncs.withLock { $0 } == [false])
    }

    @Test func anIntervalSyncsSomeTimeLater() async throws {
        let disk = Disk()
        let commit = commit(disk, .interval(.milliseconds(10)))
        commit.change()
        await durable(commit)
        #expect(disk.syncs.withLock { $0.first } == false)
        while disk.syncs.withLock({ $0.count }) < 2 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(disk.syncs.withLock { $0 } == [false, true])
    }
}
