import Foundation
import Logging
import RembusBroker
import RembusStore
import Testing

@testable import RembusMQTTServer

@Suite struct PacketLogTests {
    private let path = FileManager.default.temporaryDirectory.appendingPathComponent("log-\(UUID().uuidString)").path
    private let logger = Logger(label: "test")

    private func open() throws -> PacketLog { try PacketLog(path, policy: .none, logger: logger) }

    private func states() throws -> [String: PacketState] {
        Dictionary(uniqueKeysWithValues: try open().states.filter { !$0.state.isEmpty }.map { ($0.name, $0.state) })
    }

    private func place(_ time: UInt64) -> DeliveryPlace { DeliveryPlace(key: 7, receivedAt: time) }

    @Test func everyStateOfAnExchangeIsThereAgain() async throws {
        let log = try open()
        log.add([.opened(1, place(64)), .opened(2, place(128)), .opened(3, place(192))], of: "a")
        log.add([.released(2), .released(3), .completed(3)], of: "a")
        log.add([.received(9, id: 99), .received(8, id: 88), .ended(8, through: 500)], of: "b")
        await log.flush()
        let found = try states()
        #expect(
            found["a"]
                == PacketState(
                    outgoing: [
                        1: PacketState.Outgoing(place: place(64)),
                        2: PacketState.Outgoing(place: place(128), isReleased: true),
                    ], finished: [place(192)]))
        #expect(found["b"] == PacketState(incoming: [9: 99], endedThrough: 500))
    }

    @Test func aSessionThatEndsIsForgottenAndItsNameMayComeBack() async throws {
        let log = try open()
        log.add([.opened(1, place(64))], of: "a")
        log.forget("a")
        log.add([.opened(2, place(128))], of: "a")
        await log.flush()
        #expect(try states()["a"]?.outgoing.keys.sorted() == [2])
    }

    @Test func aTornEndIsCutOffAndWhatIsBeforeItStays() async throws {
        let log = try open()
        log.add([.opened(1, place(64))], of: "a")
        await log.flush()
        let whole = try Data(contentsOf: URL(fileURLWithPath: path)).count
        log.add([.released(1)], of: "a")
        await log.flush()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        for cut in whole + 1..<bytes.count {
            try bytes.prefix(cut).write(to: URL(fileURLWithPath: path))
            #expect(try states()["a"]?.outgoing[1]?.isReleased == false)
        }
    }

    @Test func theFileStaysSmallAndComesToTheSame() async throws {
        let log = try open()
        for round in 0..<30 as Range<UInt64> {
            var changes: [PacketChange] = []
            for number in 1...2000 as ClosedRange<UInt64> {
                let place = place((round * 2000 + number) * 64)
                changes += [.opened(UInt16(number), place), .released(UInt16(number)), .completed(UInt16(number))]
            }
            log.add(changes, of: "busy")
            // As the file of components says after a moment.
            var record = ComponentRecord(name: "busy")
            record.subscriptions = [.init(topic: "t", messageFrom: .infinity, marks: [(round + 1) * 2000 * 64])]
            log.forgetFinished(coveredBy: [record]) { _ in 7 }
            await log.flush()
        }
        log.add([.opened(1, place(9_000_064)), .received(2, id: 3), .ended(4, through: 5)], of: "busy")
        await log.flush()
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
        #expect(size < 2_500_000)
        let state = try #require(try states()["busy"])
        #expect(state.outgoing == [1: PacketState.Outgoing(place: place(9_000_064))])
        #expect(state.incoming == [2: 3] && state.endedThrough == 5)
    }

    @Test func whatIsFinishedStaysUntilTheMarksSaySo() {
        var state = PacketState(finished: [place(64), place(128), place(192)])
        var record = ComponentRecord(name: "a")
        record.subscriptions = [.init(topic: "t", messageFrom: .infinity, marks: [128], owed: [64])]
        state.forgetFinished(coveredBy: record) { _ in 7 }
        #expect(state.finished == [place(64), place(192)])
    }

    @Test func changesLeadToTheStateThatTheyComeFrom() {
        let state = PacketState(
            outgoing: [
                1: PacketState.Outgoing(place: place(1)), 2: PacketState.Outgoing(place: place(2), isReleased: true),
            ], finished: [place(3), place(4)], incoming: [5: 6], endedThrough: 7)
        var again = PacketState()
        for change in state.changes { again.apply(change) }
        #expect(again == state)
    }
}
