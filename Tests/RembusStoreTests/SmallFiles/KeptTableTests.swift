import Foundation
import Logging
import NIOCore
import Testing

@testable import RembusStore

@Suite struct KeptTableTests {
    private let path = FileManager.default.temporaryDirectory.appendingPathComponent("kept-\(UUID().uuidString)").path
    private let logger = Logger(label: "test")

    private func content() throws -> [String: String] {
        var found: [String: String] = [:]
        _ = try KeptTable(path, logger: logger) { found[String(decoding: $0, as: UTF8.self)] = String(buffer: $1) }
        return found
    }

    @Test func theNewestValuesAreRead() async throws {
        let table = try KeptTable(path, logger: logger) { _, _ in Issue.record("a new table is empty") }
        table.set(Array("a".utf8), ByteBuffer(string: "1"))
        table.set(Array("b".utf8), ByteBuffer(string: "2"))
        await table.flush()
        table.set(Array("a".utf8), ByteBuffer(string: "3"))
        table.set(Array("b".utf8), nil)
        await table.flush()
        #expect(try content() == ["a": "3"])
    }

    /// Byte for byte what earlier versions wrote, and what they read.
    @Test func theFormIsThatOfEarlierVersions() async throws {
        let old = bytes(
            hex: """
                52424d515454310a 01000000010000001100d7a06131 01000000010000007c5b60876232 0100000001000000e670ec416133 \
                0100000000000000c4b080d262
                """)
        let table = try KeptTable(path, logger: logger) { _, _ in }
        for (key, value) in [("a", "1"), ("b", "2"), ("a", "3"), ("b", nil)] {
            table.set(Array(key.utf8), value.map { ByteBuffer(string: $0) })
            await table.flush()
        }
        #expect(try TemporaryFolder.read(path) == old)
        #expect(try content() == ["a": "3"])
    }

    @Test func aDeletedFileIsThereAgainWithAllOfIt() async throws {
        let table = try KeptTable(path, logger: logger) { _, _ in }
        table.set(Array("a".utf8), ByteBuffer(string: "1"))
        table.set(Array("b".utf8), ByteBuffer(string: "2"))
        await table.flush()
        try FileManager.default.removeItem(atPath: path)
        table.set(Array("b".utf8), ByteBuffer(string: "3"))
        await table.flush()
        #expect(try content() == ["a": "1", "b": "3"])
    }

    @Test func aTornEndIsCutOff() async throws {
        let table = try KeptTable(path, logger: logger) { _, _ in }
        for number in 0..<10 {
            table.set(Array("key\(number)".utf8), ByteBuffer(string: "value"))
            await table.flush()
        }
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for cut in [1, 5, 20, 30] {
            try whole.dropLast(cut).write(to: URL(fileURLWithPath: path))
            let found = try content()
            #expect(found.count == (cut < 21 ? 9 : 8))
            #expect(found.values.allSatisfy { $0 == "value" })
        }
        var broken = whole
        broken[broken.count - 1] ^= 1
        try broken.write(to: URL(fileURLWithPath: path))
        #expect(try content().count == 9)
    }

    @Test func aFileThatIsMostlyOutOfDateShrinks() async throws {
        let table = try KeptTable(path, logger: logger) { _, _ in }
        for _ in 0..<40 {
            table.set(Array("key".utf8), ByteBuffer(repeating: 65, count: 100_000))
            await table.flush()
        }
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
        #expect(size < 1_500_000)
        #expect(try content().mapValues(\.count) == ["key": 100_000])
    }
}
