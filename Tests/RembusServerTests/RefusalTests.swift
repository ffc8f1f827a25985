import Foundation
import Logging
import TestSupport
import Testing

@testable import RembusBroker
@testable import RembusServer

extension ServerSuites {
    /// What a server cannot do it says in a sentence, and the program goes on.
    struct RefusalTests {
        let folder: TestFolder

        init() throws { folder = try TestFolder() }

        private func refusal(_ change: (inout BrokerConfiguration) throws -> Void) async throws -> String {
            let error = await #expect(throws: BrokerError.self) {
                _ = try await RembusServer.make(in: folder, change)
            }
            #expect(openFiles(below: folder.path) == [])
            return error?.description ?? ""
        }

        private static let refused: [(sentence: String, set: @Sendable (inout BrokerConfiguration) -> Void)] = [
            ("`port` must be a whole number, 0–65535", { $0.port = 65536 }),
            ("`http` must be a port, 0–65535, unix:PATH, or null", { $0.gateways.httpPort = -1 }),
            ("`mqtt_listen` must be a port", { $0.gateways.mqttSocket = "relative" }),
            ("`max_topic_bytes` must be a whole number, 1–65535; found 0", { $0.limits.maxTopicBytes = 0 }),
            ("`maxDuplicateIDs` must be", { $0.limits.maxDuplicateIDs = 0 }),
            ("`threads` must be", { $0.threads = 65 }),
            ("`challenge_timeout` must be a number of seconds", { $0.security.challengeTimeout = .zero }),
            ("`record` must be a list of patterns", { $0.storage.record = [] }),
            ("has the size \"much\"", { $0.storage.record = ["a/**,size=much"] }),
            ("`ducklake_url` must be", { $0.storage.lakeURL = "sqlite" }),
            ("--mqtt: the URL", { $0.gateways.mqttBridge = "http://localhost" }),
            ("`allowed_origins` must be", { $0.security.allowedOrigins = ["panel"] }),
            ("`client_certificates` needs TLS", { $0.security.clientCertificates = .required }),
            ("`rembus keys init", { $0.security.isSecure = true }),
            ("cannot read the schema /nowhere/schema.json", { $0.storage.schemaFile = "/nowhere/schema.json" }),
            ("`log_format` is json", { $0.logFormat = .json }),
            ("`name` must not be empty", { $0.name = ".." }),
            ("`directory` must be the path of a folder", { $0.directory = "" }),
        ]

        @Test("A field that cannot be honoured", arguments: refused.indices)
        func field(index: Int) async throws {
            let (sentence, set) = Self.refused[index]
            let said = try await refusal(set)
            #expect(said.contains(sentence), "\(said)")
        }

        @Test("All that is out of range is said at once")
        func all() async throws {
            let said = try await refusal {
                $0.threads = -1
                $0.limits.maxCalls = 0
            }
            #expect(said.split(separator: "\n").count == 2)
        }

        @Test("Every field is a setting, whose range counts, or is looked at beside the table")
        func everyFieldIsKnown() {
            let standard = BrokerConfiguration.fields(of: BrokerConfiguration())
            var settable: Set<String> = []
            for key in BrokerSettings.keys {
                for value in Self.candidates(key) {
                    var changed = BrokerConfiguration()
                    guard key.write(value, &changed) else { continue }
                    for (old, new) in zip(standard, BrokerConfiguration.fields(of: changed)) where old != new {
                        settable.insert(old.path)
                    }
                }
            }
            #expect(Set(standard.map(\.path)).subtracting(settable) == ["directory", "limits.maxDuplicateIDs"])
        }

        /// Values of which at least one is not the default, and allowed.
        private static func candidates(_ key: BrokerSettings.Key) -> [Value] {
            let choices = [
                "round_robin", "disconnect", "json", "interval", "optional", "authenticated", "debug", "none", "other",
                "0600", "0660", "/prefix", "unix:/run/socket", "https://panel.example", "192.0.2.7", "ducklake:x",
                "mqtt://x",
            ]
            var values = choices.map { Value.text($0) } + [.bool(true), .bool(false), .array([.text("a/**")])]
            switch key.read(BrokerConfiguration()) {
            case .integer(let number): values += [.integer(number + 1), .integer(number - 1), .integer(1 << 30)]
            case .float(let number): values.append(.float(number * 2))
            default: values.append(.integer(1))
            }
            return values
        }

        @Test("What an earlier step opened is closed when a later one fails, and a mended folder starts")
        func laterFailure() async throws {
            // The catalog is opened when the journal is open already.
            let catalog = try folder.write("state/broker.ducklake", "no database")
            let said = try await refusal { try $0.addTableAndHTTP(in: folder) }
            #expect(said.contains("broker.ducklake"), "\(said)")
            try FileManager.default.removeItem(atPath: catalog)
            let server = try await RembusServer.make(in: folder) { try $0.addTableAndHTTP(in: folder) }
            try await server.start()
            await server.shutDown()
        }

        @Test("A port that is taken: the start fails, and everything is free again")
        func portInUse() async throws {
            let port = try freePort()
            let first = try await RembusServer.make(in: TestFolder()) { $0.port = port }
            try await first.start()
            let second = try await RembusServer.make(in: folder) { $0.port = port }
            let error = await #expect(throws: BrokerError.self) { try await second.run() }
            #expect(error?.description.contains("the port is in use") == true)
            #expect(openFiles(below: folder.path) == [])
            await second.shutDown()
            await first.shutDown()
        }
    }
}
