import Logging
import RembusSupport
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@testable import RembusStore

@Suite struct JournalFailureTests {
    private func eventually(_ condition: () -> Bool) -> Bool {
        let start = MonotonicClock.nanoseconds()
        while MonotonicClock.nanoseconds() - start < 60_000_000_000 {
            if condition() { return true }
            usleep(2000)
        }
        return false
    }

    @Test func aFullDiskDelaysAcknowledgementsUntilThereIsRoom() throws {
        let folder = TemporaryFolder()
        let disk = FaultyDisk()
        let log = LogRecorder(.trace)
        var options = JournalOptions(directory: folder.path, partitions: 2)
        options.memoryBytes = 1 << 18
        options.segmentBytes = 1 << 16
        options.fileSystem = disk
        let store = try JournalStore(options, logger: log.logger)
        try store.start()
        store.add(1, message(1, count: 100))
        #expect(store.committed())
        disk.set { $0.room = 1000 }
        let done = Monitor(false)
        var taken: [UInt64] = [1]
        for time in 2...2000 as ClosedRange<UInt64> {
            if store.add(time, message(time, count: 100), isAcknowledged: time % 2 == 0) != .refused {
                taken.append(time)
            }
        }
        #expect(!store.commit(partition: 0) { done.change { $0 = true } })
        #expect(eventually { store.metrics.failure != nil })
        #expect(!done.change { $0 })
        #expect(store.metrics.shedByPressure + store.metrics.shedByFailure > 0)
        #expect(taken.count < 2000)
        // Those at QoS 0 were shed first.
        #expect(taken.filter { $0 % 2 == 1 }.count < taken.filter { $0 % 2 == 0 }.count)
        #expect(store.add(3000, message(1, count: 20_000)) == .refused)
        #expect(log.count(of: .error) == 1)
        disk.set { $0.room = nil }
        #expect(eventually { done.change { $0 } })
        #expect(store.metrics.failure == nil)
        #expect(log.entries.map(\.message).contains { $0.contains("works again") })
        #expect(store.add(3001, [1]) == .stored)
        store.stop()
        let expected = taken.map { TestRecord(time: $0, message: message($0, count: 100)) }
        #expect(try JournalStore.open(folder).scanned() == expected + [TestRecord(time: 3001, message: [1])])
    }

    @Test func aFailedSyncIsFollowedByWritingItAllAgain() throws {
        let folder = TemporaryFolder()
        let disk = FaultyDisk()
        let store = try JournalStore.open(folder) { $0.fileSystem = disk }
        try store.start()
        for time in 1...100 as ClosedRange<UInt64> { store.add(time, message(time, count: 200)) }
        #expect(store.committed())
        disk.set { faults in
            faults.failsSync = true
            faults.dropsUnsynced = true
        }
        let done = Monitor(false)
        // More than a segment, so that completing one fails too.
        for time in 101...1000 as ClosedRange<UInt64> {
            store.add(time, message(time, count: 200), isRecorded: time % 5 != 0)
        }
        #expect(!store.commit(partition: 0) { done.change { $0 = true } })
        #expect(eventually { store.metrics.failures >= 2 })
        #expect(!done.change { $0 })
        disk.set { $0.failsSync = false }
        #expect(eventually { done.change { $0 } })
        // What the crash would leave, not what memory has.
        let copy = TemporaryFolder()
        try folder.snapshot(to: copy)
        let expected = (1...1000).filter { $0 <= 100 || $0 % 5 != 0 }.map {
            TestRecord(time: $0, message: message($0, count: 200))
        }
        #expect(try JournalStore.open(copy).scanned() == expected)
        #expect(store.readAll(from: StorePosition.logBase).records.last?.time == 1000)
        store.stop()
        #expect(try JournalStore.open(folder).scanned() == expected)
    }

    @Test func whatCannotBeWrittenAtTheEndIsReported() throws {
        let folder = TemporaryFolder()
        let disk = FaultyDisk()
        let log = LogRecorder(.trace)
        var options = JournalOptions(directory: folder.path, partitions: 1)
        options.fileSystem = disk
        let store = try JournalStore(options, logger: log.logger)
        try store.start()
        disk.set { $0.failsWrite = true }
        store.add(1, [1])
        let done = Monitor(false)
        _ = store.commit(partition: 0) { done.change { $0 = true } }
        store.stop()
        #expect(!done.change { $0 })
        #expect(log.entries.map(\.message).contains { $0.contains("ends without its last") })
    }

    @Test func aSlowDiskNeverOverwritesWhatIsNotWritten() throws {
        let folder = TemporaryFolder()
        let disk = FaultyDisk()
        let store = try JournalStore.open(folder) {
            $0.fileSystem = disk
            $0.memoryBytes = 1 << 17
        }
        disk.set { $0.isSlow = true }
        var taken: [TestRecord] = []
        var outcomes: Set<AppendOutcome> = []
        for time in 1...3000 as ClosedRange<UInt64> {
            let record = TestRecord(time: time, message: message(time, count: 300))
            let outcome = store.add(time, record.message, isAcknowledged: time % 4 != 0)
            outcomes.insert(outcome)
            if outcome != .refused { taken.append(record) }
            // Until then nothing is written.
            if time == 300 { try store.start() }
            if time > 300, outcome == .pressed { #expect(store.committed()) }
        }
        #expect(outcomes.contains(.pressed))
        disk.set { $0.isSlow = false }
        #expect(store.committed())
        #expect(store.readAll(from: StorePosition.logBase).records == taken)
        store.stop()
        #expect(try JournalStore.open(folder).scanned() == taken)
    }

    @Test(.enabled(if: Shell.mayMount, "only root may mount a file system")) func aRealFullFileSystem() throws {
        let folder = TemporaryFolder()
        let mountPoint = "\(folder.path)/full"
        try Disk().createDirectory(mountPoint)
        try #require(Shell.run("mount -t tmpfs -o size=1m tmpfs \(mountPoint)"))
        defer { _ = Shell.run("umount \(mountPoint)") }
        var options = JournalOptions(directory: "\(mountPoint)/journal", partitions: 1)
        options.segmentBytes = 1 << 18
        options.memoryBytes = 1 << 20
        let store = try JournalStore(options, logger: silent)
        try store.start()
        TemporaryFolder.fill("\(mountPoint)/ballast", bytes: 900_000)
        var time: UInt64 = 0
        while store.metrics.failure == nil, time < 1_000_000 {
            time += 1
            guard store.add(time, message(time, count: 500)) != .refused else { break }
        }
        #expect(eventually { store.metrics.failure?.contains("No space left") == true })
        let done = Monitor(false)
        _ = store.commit(partition: 0) { done.change { $0 = true } }
        unlink("\(mountPoint)/ballast")
        #expect(eventually { store.metrics.failure == nil && done.change { $0 } })
        let newest = store.lastReceivedAt(partition: 0)
        store.stop()
        let found = try JournalStore(options, logger: silent).scanned()
        #expect(found.map(\.time) == Array(1...newest))
    }
}

enum Shell {
    /// Whether this process may mount file systems, found out by mounting one.
    static let mayMount = {
        let folder = TemporaryFolder()
        guard run("mount -t tmpfs -o size=1m tmpfs \(folder.path) 2>/dev/null") else { return false }
        return run("umount \(folder.path)")
    }()

    static func run(_ command: String) -> Bool {
        #if canImport(Darwin)
        return false
        #else
        return system(command) == 0
        #endif
    }
}

extension TemporaryFolder {
    static func fill(_ path: String, bytes: Int) {
        try? write([UInt8](repeating: 1, count: bytes), to: path)
    }
}
