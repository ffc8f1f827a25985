import RembusStore
import Testing

@testable import RembusBroker

/// The way of a reader through the store, without a store.
@Suite("Catching up")
struct CatchUpMachineTests {
    /// `#expect` cannot change a value, so it is in a box.
    private final class Box {
        var machine: CatchUpMachine

        init(_ positions: [StorePosition]) {
            machine = CatchUpMachine(partitionCount: positions.count)
            machine.move(to: positions)
            machine.beginTurn()
        }

        func next() -> CatchUpMachine.Action { machine.next() }

        /// Looks at partitions that have these next records, until the machine wants something else.
        func look(_ times: [UInt64?]) -> CatchUpMachine.Action {
            while true {
                let action = machine.next()
                guard case .look(let partition) = action else { return action }
                machine.found(times[partition], in: partition)
            }
        }
    }

    @Test("The partition with the oldest record is read, up to the next record of another")
    func order() {
        let box = Box([0, 0, 0])
        #expect(box.look([30, 10, 20]) == .read(partition: 1, until: 20, count: CatchUpMachine.recordsPerTurn))
        box.machine.delivered(5, of: 1, isFull: false)
        #expect(box.look([30, 25, 20]) == .read(partition: 2, until: 25, count: CatchUpMachine.recordsPerTurn - 5))
        box.machine.delivered(1, of: 2, isFull: false)
        #expect(box.look([30, 25, nil]) == .read(partition: 1, until: 30, count: CatchUpMachine.recordsPerTurn - 6))
        box.machine.delivered(1, of: 1, isFull: false)
        #expect(
            box.look([nil, nil, nil]) == .read(partition: 0, until: .max, count: CatchUpMachine.recordsPerTurn - 7))
        box.machine.delivered(1, of: 0, isFull: false)
        #expect(box.look([nil, nil, nil]) == .end)
    }

    @Test("A partition that was at its end is looked at again, since there may be more")
    func more() {
        let box = Box([0, 0])
        #expect(box.look([1, nil]) == .read(partition: 0, until: .max, count: CatchUpMachine.recordsPerTurn))
        box.machine.delivered(1, of: 0, isFull: false)
        #expect(box.look([nil, 2]) == .read(partition: 1, until: .max, count: CatchUpMachine.recordsPerTurn - 1))
    }

    @Test("A turn ends when it has read enough, and asks for another once")
    func turns() {
        let box = Box([0])
        #expect(box.look([1]) == .read(partition: 0, until: .max, count: CatchUpMachine.recordsPerTurn))
        box.machine.delivered(CatchUpMachine.recordsPerTurn, of: 0, isFull: false)
        #expect(box.next() == .pause)
        #expect(box.next() == .awaitTurn)
        box.machine.scheduledTurnCame()
        box.machine.beginTurn()
        #expect(box.look([1]) == .read(partition: 0, until: .max, count: CatchUpMachine.recordsPerTurn))
    }

    @Test("A full connection is waited for, until a turn begins")
    func full() {
        let box = Box([0])
        _ = box.look([1])
        box.machine.delivered(3, of: 0, isFull: true)
        #expect(box.next() == .awaitRoom && box.machine.isWaiting)
        box.machine.beginTurn()
        #expect(box.next() == .look(partition: 0))
        box.machine.becomeFull()
        #expect(box.next() == .awaitRoom)
    }

    @Test("Records that are not in memory are fetched, while the other partitions wait")
    func fetching() {
        let box = Box([7, 0])
        #expect(box.next() == .look(partition: 0))
        box.machine.advanced(to: 8, in: 0, mustFetch: true)
        box.machine.found(nil, in: 0)
        let generation = box.machine.generation
        #expect(box.next() == .fetch(partition: 0, from: 8, generation: generation))
        #expect(box.look([nil, 5]) == .awaitRecords)
        #expect(
            box.machine.fetched(0, from: 8, generation: generation, isEmpty: false, next: 20) == .usable)
        #expect(box.look([4, 5]) == .read(partition: 0, until: 5, count: CatchUpMachine.recordsPerTurn))
        box.machine.delivered(1, of: 0, isFull: false)
        box.machine.pageEnded(in: 0)
        #expect(box.machine.position(in: 0) == 20)
    }

    @Test("A page of a reader that was moved meanwhile is of no use")
    func moved() {
        let box = Box([7])
        box.machine.advanced(to: 8, in: 0, mustFetch: true)
        box.machine.found(nil, in: 0)
        let generation = box.machine.generation
        #expect(box.next() == .fetch(partition: 0, from: 8, generation: generation))
        box.machine.move(to: [3])
        #expect(box.machine.position(in: 0) == 3)
        #expect(box.machine.fetched(0, from: 8, generation: generation, isEmpty: false, next: 9) == .obsolete)
        #expect(box.next() == .look(partition: 0))
        box.machine.move(to: [5])
        #expect(box.machine.position(in: 0) == 3, "it is before that already")
    }

    @Test("What cannot be read now is tried again in another turn; an empty page that leads on is used")
    func unreadable() {
        let box = Box([7])
        box.machine.advanced(to: 8, in: 0, mustFetch: true)
        box.machine.found(nil, in: 0)
        let generation = box.machine.generation
        _ = box.next()
        #expect(box.machine.fetched(0, from: 8, generation: generation, isEmpty: true, next: 8) == .unreadable)
        #expect(box.next() == .awaitRoom)
        box.machine.beginTurn()
        #expect(box.next() == .look(partition: 0))
        #expect(box.machine.fetched(0, from: 8, generation: generation, isEmpty: true, next: 12) == .usable)
        #expect(box.machine.position(in: 0) == 12)
    }

    @Test("Pages that are dropped are fetched again from where they began")
    func dropped() {
        let box = Box([7])
        let generation = box.machine.generation
        #expect(box.machine.fetched(0, from: 7, generation: generation, isEmpty: false, next: 20) == .usable)
        box.machine.dropPages()
        #expect(box.machine.position(in: 0) == 7)
        box.machine.move(to: [9])
        #expect(box.machine.position(in: 0) == 7)
    }
}
