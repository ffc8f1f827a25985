import NIOCore
import RembusLake
import RembusStore
import RembusTables
import RembusWire
import Testing

/// Publications that are read back from the lake, for replay (behaviour.md §6).
@Suite struct ArchiveTests {
    private struct Record: Equatable {
        var time: UInt64
        var topic: String
        var arguments: [Value]
        var id: MessageID?
        var flags: UInt8
        var publisher: UInt32
    }

    /// Reads a partition from one time to another page by page.
    private func read(
        _ archive: any Archive, partition: Int, after: UInt64 = 0, before: UInt64 = .max >> 1,
        topics: [String]? = nil, maxBytes: Int = 1 << 20
    ) async throws -> (records: [Record], pages: Int, tenants: Set<UInt32>) {
        var records: [Record] = []
        var tenants: Set<UInt32> = []
        var pages = 0
        var position = after
        while position < before {
            let asked = position
            var page: StorePage = await withCheckedContinuation { continuation in
                archive.fetch(
                    partition: partition, after: asked, before: before, topics: topics, maxBytes: maxBytes
                ) { continuation.resume(returning: $0) }
            }
            pages += 1
            page.read { header, bytes in
                tenants.insert(header.tenant)
                guard case .publish(let message)? = try? Message(cbor: ByteBuffer(bytes: bytes)) else {
                    Issue.record("a record is no publication")
                    return true
                }
                records.append(
                    Record(
                        time: header.receivedAt, topic: message.topic, arguments: message.arguments, id: message.id,
                        flags: message.flags.rawValue, publisher: header.publisher))
                return true
            }
            try #require(page.next > asked)
            position = page.next
        }
        return (records, pages, tenants)
    }

    @Test("records come back as they were, partition by partition, in order and in bounded pages")
    func roundTrip() async throws {
        let fixture = try LakeFixture(partitions: 2)
        defer { fixture.removeFolder() }
        let journal = fixture.journal
        var expected: [[Record]] = [[], []]
        for number in 0..<3000 {
            let flags: UInt8 = [0, 0x10, 0x30, 0x40, 0x50][number % 5]
            let id = flags == 0 ? nil : UInt64(number) << 32 | (flags & 0x40 != 0 ? 77 : UInt64(number))
            let topic = "topic/\(number % 7)"
            let arguments: [Value] = number % 3 == 0 ? [] : [.integer(Int64(number)), "text"]
            let publisher = number % 4 == 0 ? nil : "node\(number % 4)"
            let time = journal.publish(
                topic, arguments, partition: number % 2, flags: flags, id: id, publisher: publisher)
            expected[number % 2].append(
                Record(
                    time: time, topic: topic, arguments: arguments, id: id.map(MessageID.init(littleEndian:)),
                    flags: flags,
                    publisher: journal.number(publisher)))
        }
        try await fixture.drain()
        let archive = fixture.lake.archive
        for partition in 0..<2 {
            let all = try await read(archive, partition: partition, maxBytes: 10_000)
            #expect(all.records == expected[partition])
            #expect(all.pages > 8)
            // Of anonymous publishers too: subscribers hear their own tenant only.
            #expect(all.tenants == [journal.number(MessageBatch.defaultTenant)])
            let topics = ["topic/1", "topic/3"]
            let some = try await read(archive, partition: partition, topics: topics)
            #expect(some.records == expected[partition].filter { topics.contains($0.topic) })
            let (after, before) = (expected[partition][100].time, expected[partition][200].time)
            let range = try await read(archive, partition: partition, after: after, before: before)
            #expect(range.records == Array(expected[partition][101..<200]))
        }
        await fixture.lake.stop()
        // Behind the end the archive answers that it cannot be read.
        let page: StorePage = await withCheckedContinuation { continuation in
            archive.fetch(partition: 0, after: 5, before: .max, topics: nil, maxBytes: 100) {
                continuation.resume(returning: $0)
            }
        }
        #expect(page.isEmpty && page.next == 5)
    }

    @Test("times without messages are passed over, however long")
    func gaps() async throws {
        let journal = TestJournal(start: 1_500_000_000_000_000_000)
        let fixture = try LakeFixture(journal: journal)
        defer { fixture.removeFolder() }
        let first = journal.publish("a")
        journal.skip(nanoseconds: 3 * 365 * 86400 * 1_000_000_000)
        let second = journal.publish("b")
        journal.skip(nanoseconds: 3600 * 1_000_000_000)
        let third = journal.publish("a")
        try await fixture.drain()
        let all = try await read(fixture.lake.archive, partition: 0)
        #expect(all.records.map(\.time) == [first, second, third])
        #expect(
            try await read(fixture.lake.archive, partition: 0, topics: ["a"]).records.map(\.time) == [first, third])
        #expect(try await read(fixture.lake.archive, partition: 0, topics: ["c"]).pages == 1)
    }

    @Test("rows of other brokers come back as far as they can be read")
    func foreignRows() async throws {
        let fixture = try LakeFixture(partitions: 3)
        defer { fixture.removeFolder() }
        await fixture.lake.stop()
        let connection = try Database().connect()
        try connection.load(extension: "ducklake")
        try connection.execute("ATTACH \(SQL.literal(fixture.configuration.catalog.url)) AS rl; USE rl")
        // Arbitrary low bits; no arguments at all; Julia's base64 text, which nothing else reads; another broker's row.
        try connection.execute(
            """
            INSERT INTO message VALUES
              ('bro', 1700000000000000004, NULL, 0, NULL, 'a', '\\x81\\x01'::BLOB), ('bro', 1700000000000000007, 0, 0, 0, 'b', NULL),
              ('bro', 1700000000000000010, NULL, 0, 0, 'c', 'gQE='::BLOB), ('other', 1700000000000000011, NULL, 0, NULL, 'd', NULL)
            """)
        try connection.execute("USE memory; DETACH rl")
        let again = try LakeFixture(folder: fixture.folder, partitions: 3)
        let records = try await read(again.lake.archive, partition: 1)
        #expect(records.records.map(\.topic) == ["a", "b"])
        #expect(records.records.map(\.arguments) == [[1], []])
        #expect(try await read(again.lake.archive, partition: 0).records.isEmpty)
        await again.lake.stop()
    }
}
