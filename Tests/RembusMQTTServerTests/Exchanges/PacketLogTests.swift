import Foundation
import Logging
import NIOCore
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

    /// Byte for byte what earlier versions wrote, and what they read.
    @Test func theFormIsThatOfEarlierVersions() async throws {
        let digits = """
            524250434b54310a 3800000085aa79b3 0000000100000000016100000001010001000000000000000700000000000000400000000101\
            000200000000000000070000000000000080 200000007fd4181f 00000001020002000000020000000001620000000204000900000000\
            00000063
            """.compactMap(\.hexDigitValue)
        let old = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
        let log = try open()
        log.add([.opened(1, place(64)), .opened(2, place(128))], of: "a")
        await log.flush()
        log.add([.released(2)], of: "a")
        log.add([.received(9, id: 99)], of: "b")
        await log.flush()
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(old))
        let found = try states()
        #expect(found["a"]?.outgoing[2]?.isReleased == true && found["a"]?.outgoing[1]?.place == place(64))
        #expect(found["b"] == PacketState(incoming: [9: 99]))
    }

    @Test func aDeletedFileIsThereAgainWithAllOfIt() async throws {
        let log = try open()
        log.add([.opened(1, place(64)), .opened(2, place(128))], of: "a")
        await log.flush()
        try FileManager.default.removeItem(atPath: path)
        log.add([.released(2)], of: "a")
        await log.flush()
        let found = try #require(try states()["a"])
        #expect(found.outgoing.count == 2 && found.outgoing[2]?.isReleased == true)
    }

    /// A file is written anew with what is known then, of which some is waiting to be written and follows once more.
    @Test(arguments: 1..<40 as Range<UInt64>) func changesThatAreMadeTwiceLeadToTheSame(_ seed: UInt64) {
        var random = SplitMix(state: seed)
        var content = PacketLog.Content()
        var file = ByteBuffer()
        var times: UInt64 = 0
        for round in 0..<4 {
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                let name = ["a", "b"].randomElement(using: &random) ?? "a"
                let packetID = UInt16.random(in: 1...3, using: &random)
                times += 64
                let change: PacketChange? =
                    [
                        .opened(packetID, place(times)), .released(packetID), .completed(packetID),
                        .received(packetID, id: times), .ended(packetID, through: times), nil,
                    ].randomElement(using: &random) ?? nil
                if let change { content.add([change], of: name) } else { _ = content.forget(name) }
            }
            if round == 2 { file = content.snapshot() }
            // What waits when the file is written anew stays where it is.
            if round != 2 {
                file.writeImmutableBuffer(content.waiting)
                content.waiting = ByteBuffer()
            }
        }
        var again = PacketLog.Content()
        again.apply(file)
        func states(_ content: PacketLog.Content) -> [String: PacketState] {
            let known = content.sessions.values.filter { !$0.state.isEmpty }
            return Dictionary(known.map { ($0.name, $0.state) }) { first, _ in first }
        }
        #expect(states(again) == states(content))
    }

    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            return mixed ^ mixed >> 31
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
