import Foundation
import RembusStore
import Testing

@Suite struct ComponentFileTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("rembus-\(UUID().uuidString)")
    private var path: String { folder.appendingPathComponent("components").path }

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

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
        try ComponentFile(path).save([record("one"), record("two")])
        try ComponentFile(path).save([record("two", mark: 9)])
        #expect(try ComponentFile(path).records == [record("one"), record("two", mark: 9)])
    }

    @Test func anEmptyRecordForgetsTheName() throws {
        let file = try ComponentFile(path)
        try file.save([record("one"), record("two")])
        try file.save([ComponentRecord(name: "one", host: "::1", isConnected: true)])
        #expect(try ComponentFile(path).records == [record("two")])
    }

    /// Whatever part of the last write reached the disk, what was there before is read, and the next write is too.
    @Test func aTornEndIsCutOff() throws {
        try ComponentFile(path).save([record("one")])
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        try ComponentFile(path).save([record("two")])
        let longer = try Data(contentsOf: URL(fileURLWithPath: path))
        for count in whole.count..<longer.count {
            try longer.prefix(count).write(to: URL(fileURLWithPath: path))
            let file = try ComponentFile(path)
            #expect(file.records == [record("one")])
            #expect(file.lostBytes == count - whole.count)
            try file.save([record("three")])
            #expect(try ComponentFile(path).records == [record("one"), record("three")])
        }
    }

    @Test func aFlippedBitIsNoRecord() throws {
        try ComponentFile(path).save([record("one")])
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for index in 8..<whole.count {
            var damaged = whole
            damaged[index] ^= 0x10
            try damaged.write(to: URL(fileURLWithPath: path))
            #expect(try ComponentFile(path).records.isEmpty)
        }
    }

    @Test func theFileDoesNotGrowWithoutBound() throws {
        let file = try ComponentFile(path)
        var large = record("one")
        large.subscriptions[0].owed = Array(1...4000)
        for mark in 1...200 as ClosedRange<UInt64> {
            large.subscriptions[0].marks = [mark]
            try file.save([large, record("two", mark: mark)])
        }
        let size = try #require(FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
        #expect(size < 2 << 20)
        #expect(try ComponentFile(path).records == [large, record("two", mark: 200)])
    }

    @Test func anotherKindOfFileIsLeftAlone() throws {
        try Data("something else entirely".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: StorageError.self) { try ComponentFile(path) }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("something else entirely".utf8))
    }
}
