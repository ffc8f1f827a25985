import Foundation
import TestSupport
import Testing

@testable import RembusStore

@Suite struct ComponentFileTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("rembus-\(UUID().uuidString)")
    private var path: String { folder.appendingPathComponent("components").path }

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private let log = LogRecorder()

    private func open() throws(StorageError) -> ComponentFile { try ComponentFile(path, logger: log.logger) }

    private func record(_ name: String, mark: UInt64 = 1) -> ComponentRecord {
        ComponentRecord(
            name: name,
            subscriptions: [
                .init(topic: "a/**", messageFrom: .infinity, marks: [mark, .max], owed: [3, 5]),
                .init(topic: "b", messageFrom: 0, marks: [], owed: []),
            ],
            exposed: ["add"], host: "::1")
    }

    @Test func recordsComeBack() throws {
        try open().save([record("one"), record("two")])
        try open().save([record("two", mark: 9)])
        #expect(try open().records == [record("one"), record("two", mark: 9)])
    }

    @Test func anEmptyRecordForgetsTheName() throws {
        let file = try open()
        try file.save([record("one"), record("two")])
        try file.save([ComponentRecord(name: "one", host: "::1", isConnected: true)])
        #expect(try open().records == [record("two")])
    }

    /// Whatever part of the last write reached the disk, what was there before is read, and the next write is too.
    @Test func aTornEndIsCutOff() throws {
        try open().save([record("one")])
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        try open().save([record("two")])
        let longer = try Data(contentsOf: URL(fileURLWithPath: path))
        for count in whole.count..<longer.count {
            try longer.prefix(count).write(to: URL(fileURLWithPath: path))
            let file = try open()
            #expect(file.records == [record("one")])
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == whole)
            try file.save([record("three")])
            #expect(try open().records == [record("one"), record("three")])
        }
    }

    /// Byte for byte what earlier versions wrote, and what they read.
    @Test func theFormIsThatOfEarlierVersions() throws {
        let old = bytes(
            hex: """
                5242434f4d50310a 26000000afa4f937 a4616e636f6e656168633a3a3161658163616464617381846162fb0000000000000000810180 \
                2600000056792e2d a4616e6374776f6168633a3a3161658163616464617381846162fb0000000000000000810280 \
                260000007712dd84 a4616e6374776f6168633a3a3161658163616464617381846162fb0000000000000000810980 \
                07000000d58b6052 a1616e636f6e65
                """)
        func record(_ name: String, mark: UInt64) -> ComponentRecord {
            ComponentRecord(
                name: name, subscriptions: [.init(topic: "b", messageFrom: 0, marks: [mark])], exposed: ["add"],
                host: "::1")
        }
        let file = try open()
        try file.save([record("one", mark: 1), record("two", mark: 2)])
        try file.save([record("two", mark: 9), ComponentRecord(name: "one")])
        #expect(try TemporaryFolder.read(path) == old)
        #expect(try open().records == [record("two", mark: 9)])
    }

    @Test func aDeletedFileIsThereAgainWithAllOfIt() throws {
        let file = try open()
        try file.save([record("one"), record("two")])
        try FileManager.default.removeItem(atPath: path)
        try file.save([record("two", mark: 9)])
        #expect(try open().records == [record("one"), record("two", mark: 9)])
    }

    @Test func aFlippedBitIsNoRecord() throws {
        try open().save([record("one")])
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for index in 8..<whole.count {
            var damaged = whole
            damaged[index] ^= 0x10
            try damaged.write(to: URL(fileURLWithPath: path))
            #expect(try open().records.isEmpty)
        }
    }

    @Test func theFileDoesNotGrowWithoutBound() throws {
        let file = try open()
        var large = record("one")
        large.subscriptions[0].owed = Array(1...4000)
        for mark in 1...200 as ClosedRange<UInt64> {
            large.subscriptions[0].marks = [mark]
            try file.save([large, record("two", mark: mark)])
        }
        let size = try #require(FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
        #expect(size < 2 << 20)
        #expect(try open().records == [large, record("two", mark: 200)])
    }

    @Test func anotherKindOfFileIsLeftAlone() throws {
        try Data("something else entirely".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: StorageError.self) { try open() }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("something else entirely".utf8))
    }
}
