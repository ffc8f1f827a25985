import RembusStore
import Testing

@testable import RembusBroker

/// The machine of a reader with a store that forgets, pages that come late, and a connection that is full at times: it reads
/// every record that is wanted, in order, and comes to an end.
@Suite("Catching up, at random")
struct CatchUpModelTests {
    /// A log of several partitions, whose older records are not in memory. A record's place is its position.
    private final class Log {
        var partitions: [[UInt64]]
        let firstInMemory: [Int]
        private var dice: Dice

        init(dice: Dice) {
            var dice = dice
            let count = 1 + dice.below(3)
            var time: UInt64 = 0
            partitions = Array(repeating: [], count: count)
            for _ in 0..<dice.below(60) {
                time += UInt64(1 + dice.below(3))
                partitions[dice.below(count)].append(time)
            }
            firstInMemory = partitions.map { dice.below($0.count + 1) }
            self.dice = dice
        }

        var lastTime: UInt64 { partitions.flatMap(\.self).max() ?? 0 }
    }

    private struct Fetch {
        let partition: Int
        let position: StorePosition
        let generation: Int
    }

    @Test("Every record is read once after the last move, and in order", arguments: 0..<400)
    func reads(seed: Int) {
        var dice = Dice(seed: UInt64(seed) + 77)
        let log = Log(dice: Dice(seed: UInt64(seed)))
        let count = log.partitions.count
        var machine = CatchUpMachine(partitionCount: count)
        var pages: [[UInt64]] = Array(repeating: [], count: count)
        var hasPage = Array(repeating: false, count: count)
        var fetches: [Fetch] = []
        var read: [UInt64] = []
        var start = (0..<count).map { StorePosition(dice.below(log.partitions[$0].count + 1)) }
        machine.move(to: start)
        var steps = 0
        var moves = dice.below(3)
        var appends = dice.below(10)
        var isOver = false

        /// The records from where the reader is, until `body` has enough.
        func take(_ partition: Int, _ body: (UInt64) -> Bool) {
            if hasPage[partition] {
                while let time = pages[partition].first {
                    guard body(time) else { return }
                    pages[partition].removeFirst()
                }
                hasPage[partition] = false
                machine.pageEnded(in: partition)
            }
            var position = Int(machine.position(in: partition))
            guard position >= log.firstInMemory[partition] else {
                return machine.advanced(to: StorePosition(position), in: partition, mustFetch: true)
            }
            while position < log.partitions[partition].count, body(log.partitions[partition][position]) {
                position += 1
            }
            machine.advanced(to: StorePosition(position), in: partition, mustFetch: false)
        }

        func answer(_ fetch: Fetch) {
            let isUnreadable = dice.one(in: 6)
            let end =
                isUnreadable
                ? Int(fetch.position) : min(Int(fetch.position) + 1 + dice.below(5), log.firstInMemory[fetch.partition])
            let page = Array(log.partitions[fetch.partition][Int(fetch.position)..<max(end, Int(fetch.position))])
            let outcome = machine.fetched(
                fetch.partition, from: fetch.position, generation: fetch.generation, isEmpty: page.isEmpty,
                next: StorePosition(end))
            if outcome == .usable { (pages[fetch.partition], hasPage[fetch.partition]) = (page, !page.isEmpty) }
        }

        while !isOver, steps < 20_000 {
            steps += 1
            machine.beginTurn()
            var isTurn = true
            while isTurn {
                steps += 1
                switch machine.next() {
                case .look(let partition):
                    var time: UInt64?
                    take(partition) {
                        time = $0
                        return false
                    }
                    machine.found(time, in: partition)
                case .fetch(let partition, let position, let generation):
                    fetches.append(Fetch(partition: partition, position: position, generation: generation))
                case .read(let partition, let until, let limit):
                    var left = limit
                    var isFull = false
                    take(partition) { time in
                        guard left > 0, time <= until else { return false }
                        guard !dice.one(in: 20) else {
                            isFull = true
                            return false
                        }
                        left -= 1
                        read.append(time)
                        return true
                    }
                    machine.delivered(limit - left, of: partition, isFull: isFull)
                    // Somebody publishes meanwhile. What comes when the reader has looked everywhere is delivered live.
                    if appends > 0, dice.one(in: 4) {
                        appends -= 1
                        log.partitions[dice.below(count)].append(log.lastTime + 1)
                    }
                case .awaitRecords, .awaitRoom: isTurn = false
                case .pause: machine.scheduledTurnCame()
                case .awaitTurn: isTurn = false
                case .end: (isTurn, isOver) = (false, true)
                }
            }
            if moves > 0, dice.one(in: 3) {
                moves -= 1
                let back = (0..<count).map { StorePosition(dice.below(log.partitions[$0].count + 1)) }
                start = zip(start, back).map(min)
                machine.move(to: back)
                hasPage = Array(repeating: false, count: count)
                // Read again from there: the marks of subscriptions keep what was delivered from being sent twice.
                read = []
                start = (0..<count).map { machine.position(in: $0) }
                isOver = false
            } else if dice.one(in: 5) {
                machine.dropPages()
                for partition in 0..<count where hasPage[partition] {
                    hasPage[partition] = false
                    // What was read of the page is read again.
                    let from = Int(machine.position(in: partition))
                    read.removeAll { time in log.partitions[partition][from...].contains(time) }
                }
            }
            if !fetches.isEmpty { answer(fetches.remove(at: dice.below(fetches.count))) }
        }
        #expect(isOver)
        let wanted = zip(log.partitions, start).flatMap { $0[Int($1)...] }.sorted()
        #expect(read.sorted() == wanted)
        for (partition, from) in zip(log.partitions, start) {
            let own = Set(partition[Int(from)...])
            #expect(read.filter(own.contains) == read.filter(own.contains).sorted())
        }
    }
}
