import NIOCore
import Testing

@testable import RembusTransport

/// What all connections may hold together.
@Suite("The memory of all connections")
struct LoopMemoryTests {
    private final class Holder: MemoryHolder {
        let memory: LoopMemory
        private(set) var bytes = 0
        private(set) var wasEnded = false

        init(_ memory: LoopMemory) { self.memory = memory }

        func hold(_ new: Int) {
            memory.change(.outgoing, self, from: bytes, to: new)
            bytes = new
        }

        func giveUpMemory() {
            wasEnded = true
            hold(0)
        }

        func recountMemory() {}
    }

    private static let mebibyte = 1 << 20

    @Test("The more is held in all, the less one connection may hold")
    func room() {
        let budget = MemoryBudget(limit: 64 * Self.mebibyte)
        let (one, other) = (LoopMemory(budget: budget), LoopMemory(budget: budget))
        #expect(one.room == 8 * Self.mebibyte)
        let holder = Holder(other)
        holder.hold(32 * Self.mebibyte)
        #expect(other.room == 4 * Self.mebibyte)
        // The other event loop learns of it when it looks.
        _ = one.look()
        #expect(one.room == 4 * Self.mebibyte)
        holder.hold(0)
        #expect(other.room == 8 * Self.mebibyte)
    }

    @Test("However many connections take what they may, the sum keeps to the limit", arguments: [10, 200, 1000])
    func sum(count: Int) {
        let limit = 128 * Self.mebibyte
        let budget = MemoryBudget(limit: limit)
        let memory = LoopMemory(budget: budget)
        let holders = (0..<count).map { _ in Holder(memory) }
        for _ in 0..<20 {
            // Each is sent one more message of 256 KiB, as long as it has room.
            for holder in holders where holder.bytes < min(memory.room, 8 * Self.mebibyte) {
                holder.hold(holder.bytes + 256 << 10)
            }
            for _ in 0..<5 { _ = memory.look() }
        }
        #expect(budget.used <= limit)
        #expect(budget.used == holders.reduce(0) { $0 + $1.bytes })
    }

    @Test("When too much is held, those that hold most and take nothing are ended, and nobody else")
    func eviction() {
        let budget = MemoryBudget(limit: 8 * Self.mebibyte)
        let memory = LoopMemory(budget: budget)
        let (large, small, reading) = (Holder(memory), Holder(memory), Holder(memory))
        large.hold(4 * Self.mebibyte)
        small.hold(2 * Self.mebibyte)
        reading.hold(3 * Self.mebibyte)
        for _ in 0..<3 { #expect(memory.look() == 0) }
        reading.hold(3 * Self.mebibyte - 100_000)
        #expect(memory.look() == 1)
        #expect(large.wasEnded && !small.wasEnded && !reading.wasEnded)
        #expect(!budget.isExceeded)
    }

    @Test("What several connections hold together counts once, whoever lets go of it")
    func kept() {
        let budget = MemoryBudget(limit: 64 * Self.mebibyte)
        let memory = LoopMemory(budget: budget)
        memory.kept.add(3 * Self.mebibyte)
        memory.settle()
        #expect(budget.used == 3 * Self.mebibyte)
        #expect(memory.held[MemoryBudget.Kind.unacknowledged.rawValue] == 3 * Self.mebibyte)
        memory.kept.remove(3 * Self.mebibyte)
        memory.settle()
        #expect(budget.used == 0)
    }

    @Test("What other parts of the process take too much is taken from the connections")
    func adaptation() {
        let budget = MemoryBudget(limit: 400)
        #expect(budget.limit == 1 << 20)
        let large = MemoryBudget(limit: 400 * Self.mebibyte)
        large.adapt(residentBytes: 300 * Self.mebibyte, processLimit: 1000 * Self.mebibyte)
        #expect(large.limit == 400 * Self.mebibyte)
        large.adapt(residentBytes: 800 * Self.mebibyte, processLimit: 1000 * Self.mebibyte)
        #expect(large.limit == 100 * Self.mebibyte)
        // Something is left in any case: the honest must get on.
        large.adapt(residentBytes: 2000 * Self.mebibyte, processLimit: 1000 * Self.mebibyte)
        #expect(large.limit == 50 * Self.mebibyte)
    }

    @Test("Requests wait while there is no memory for their answers, and are given up in the end")
    func requests() {
        let budget = MemoryBudget(limit: 8 * Self.mebibyte)
        let memory = LoopMemory(budget: budget)
        let queue = RoomQueue(memory: memory, expectsAnswers: true)
        #expect(queue.begin())
        queue.ended(answerBytes: 3 * Self.mebibyte)
        // Each is expected to be answered with as much.
        #expect(queue.begin() && queue.begin())
        #expect(!queue.begin())
        var log: [String] = []
        let start = NIODeadline.now()
        queue.wait(until: start + .seconds(1)) {
            log.append("first")
        } giveUp: {
            log.append("no first")
        }
        queue.wait(until: start + .seconds(1)) {
            log.append("second")
        } giveUp: {
            log.append("no second")
        }
        queue.proceed(now: start)
        #expect(log.isEmpty)
        queue.ended(answerBytes: 3 * Self.mebibyte)
        queue.proceed(now: start)
        #expect(log == ["first"])
        queue.proceed(now: start + .seconds(1))
        #expect(log == ["first", "no second"])
    }
}
