import Foundation
import RembusTrust
import Testing

@Suite struct AuditLogTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    private var path: String { "\(folder.path)/audit.log" }

    private func lines(_ name: String = "audit.log") throws -> [[String: Any]] {
        try folder.read(name).split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    @Test func events() async throws {
        let log = AuditLog(path: path, logger: .silent)
        log.record(
            AuditEvent(action: "login", name: "x", address: "10.0.0.1", outcome: "ok", details: ["b": "2", "a": "1"]))
        log.record(AuditEvent(action: "denied.publish", address: "::1", outcome: "unauthorized"))
        await log.close()
        log.record(AuditEvent(action: "late", address: "", outcome: ""))
        let lines = try lines()
        #expect(lines.count == 2)
        #expect(lines[0]["action"] as? String == "login" && lines[0]["name"] as? String == "x")
        #expect(lines[0]["details"] as? [String: String] == ["a": "1", "b": "2"])
        #expect(lines[1]["name"] == nil && lines[1]["outcome"] as? String == "unauthorized")
        let time = try #require(lines[0]["time"] as? String)
        #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil, "\(time)")
        #expect(try folder.mode("audit.log") == 0o600)
    }

    @Test("what peers choose cannot break a line, or be long")
    func hostileTexts() async throws {
        let log = AuditLog(path: path, logger: .silent)
        let hostile = "a\n{\"action\":\"forged\"}\r\u{2028}\u{1B}[2J\u{0}\"\\\u{9B}é😀"
        log.record(AuditEvent(action: "login", name: hostile, address: "", outcome: "ok"))
        log.record(
            AuditEvent(
                action: "x", name: String(repeating: "é", count: 100_000), address: "", outcome: "ok",
                details: Dictionary(
                    uniqueKeysWithValues: (0..<1000).map { ("\($0)", String(repeating: "d", count: 9999)) })))
        await log.close()
        let text = try folder.read("audit.log")
        #expect(text.utf8.count(where: { $0 == 10 }) == 2 && text.utf8.count < 30_000)
        #expect(!text.unicodeScalars.contains { $0.value != 10 && ($0.value < 32 || (0x7F...0x9F).contains($0.value)) })
        #expect(try lines()[0]["name"] as? String == hostile)
    }

    @Test("many writers, small files: every line whole, in order and once", .timeLimit(.minutes(5)))
    func manyWriters() async throws {
        let log = AuditLog(path: path, maximumBytes: 10_000, files: 60, logger: .silent)
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    for number in 0..<250 {
                        log.record(AuditEvent(action: "w\(writer)", address: "", outcome: "\(number)"))
                    }
                }
            }
        }
        await log.close()
        #expect(log.dropped == 0)
        var next: [String: Int] = [:]
        for name in folder.names.sorted(by: { $0.count == $1.count ? $0 > $1 : $0.count > $1.count }) {
            #expect(try folder.read(name).utf8.count <= 10_000)
            for line in try lines(name) {
                let action = line["action"] as? String ?? ""
                #expect(line["outcome"] as? String == "\(next[action, default: 0])")
                next[action, default: 0] += 1
            }
        }
        #expect(next.count == 8 && next.values.allSatisfy { $0 == 250 })
    }

    @Test func oldFilesAreForgotten() async throws {
        let log = AuditLog(path: path, maximumBytes: 1000, files: 3, logger: .silent)
        for number in 0..<200 { log.record(AuditEvent(action: "x", address: "", outcome: "\(number)")) }
        await log.close()
        #expect(folder.names == ["audit.log", "audit.log.1", "audit.log.2"])
        #expect(try lines().last?["outcome"] as? String == "199")
        for name in folder.names { #expect(try folder.mode(name) == 0o600) }
        let single = AuditLog(path: "\(folder.path)/single", maximumBytes: 1000, files: 1, logger: .silent)
        for number in 0..<200 { single.record(AuditEvent(action: "x", address: "", outcome: "\(number)")) }
        await single.close()
        #expect(try folder.read("single").utf8.count <= 1000 && !folder.names.contains("single.1"))
    }

    @Test func aTornLineIsEnded() async throws {
        try folder.write(#"{"action":"to"#, to: "audit.log")
        let log = AuditLog(path: path, logger: .silent)
        log.record(AuditEvent(action: "next", address: "", outcome: "ok"))
        await log.close()
        #expect(try folder.read("audit.log").split(separator: "\n").count == 2)
    }

    @Test func filesThatWereMovedAwayAreBegunAnew() async throws {
        let log = AuditLog(path: path, logger: .silent)
        log.record(AuditEvent(action: "one", address: "", outcome: "ok"))
        for _ in 0..<6000 where !FileManager.default.fileExists(atPath: path) {
            try await Task.sleep(for: .milliseconds(10))
        }
        try FileManager.default.moveItem(atPath: path, toPath: "\(path).old")
        log.record(AuditEvent(action: "two", address: "", outcome: "ok"))
        await log.close()
        #expect(try lines().first?["action"] as? String == "two")
    }

    @Test func aDiskThatRefusesLosesEventsAndIsCounted() async throws {
        let log = AuditLog(path: "\(folder.path)/none/audit.log", logger: .silent)
        for _ in 0..<10 { log.record(AuditEvent(action: "x", address: "", outcome: "ok")) }
        await log.close()
        #expect(log.dropped == 10)
    }

    @Test("more than the queue holds is dropped, counted and said", .timeLimit(.minutes(5)))
    func overflow() async throws {
        let log = AuditLog(path: path, maximumBytes: 1 << 30, logger: .silent)
        let event = AuditEvent(action: "x", name: String(repeating: "n", count: 200), address: "1.2.3.4", outcome: "ok")
        for _ in 0..<200_000 { log.record(event) }
        await log.close()
        let lines = try folder.read("audit.log").split(separator: "\n")
        let gaps = lines.count { $0.contains("audit.dropped") }
        #expect(UInt64(lines.count - gaps) + log.dropped == 200_000)
        #expect((gaps > 0) == (log.dropped > 0))
    }
}
