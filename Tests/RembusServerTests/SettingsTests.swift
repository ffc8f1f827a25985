import Foundation
import Logging
import TestSupport
import Testing

@testable import RembusServer

extension ServerSuites {
    /// Settings from a file, their reload, and the log.
    struct SettingsTests {
        let folder: TestFolder

        init() throws { folder = try TestFolder() }

        @Test("The file of the folder and name counts; what is wrong is said with its line")
        func file() throws {
            try folder.write("plant/settings.json", #"{"max_calls": 5, "host": "::1"}"#)
            let configuration = try BrokerConfiguration.load(name: "plant", directory: folder.path)
            #expect(configuration.limits.maxCalls == 5 && configuration.host == "::1" && configuration.name == "plant")
            #expect(configuration.directory == folder.path)
            let path = try folder.write("plant/settings.json", "{\n  \"max_cals\": 5\n}")
            let error = #expect(throws: BrokerError.self) {
                try BrokerConfiguration.load(name: "plant", directory: folder.path)
            }
            #expect(error?.description.contains("\(path), line 2: there is no setting \"max_cals\"") == true)
        }

        @Test("A reload takes over what can change, and nothing when something is wrong")
        func reload() async throws {
            let server = try await RembusServer.make(in: folder)
            try await server.start()
            var configuration = server.broker.configuration
            configuration.limits.maxCalls = 7
            configuration.logLevel = .debug
            configuration.directory = nil
            try server.reload(configuration)
            #expect(server.broker.configuration.limits.maxCalls == 7)
            #expect(server.level.current == .debug)

            configuration.limits.maxCalls = 8
            configuration.storage.schemaFile = "/nowhere/schema.json"
            #expect(throws: BrokerError.self) { try server.reload(configuration) }
            configuration.storage.schemaFile = nil
            configuration.directory = "/elsewhere"
            #expect(throws: BrokerError.self) { try server.reload(configuration) }
            configuration.directory = nil
            configuration.limits.maxCalls = 0
            #expect(throws: BrokerError.self) { try server.reload(configuration) }
            #expect(server.broker.configuration.limits.maxCalls == 7)
            await server.shutDown()
        }

        @Test("How much is logged is the level's, for every copy of the logger, whatever the program's own logger says")
        func level() {
            let log = LogRecorder(.trace)
            var programs = log.logger
            programs.logLevel = .critical
            programs[metadataKey: "host"] = "here"
            let level = LogLevel(.warning)
            let logger = level.applied(to: programs)
            var quieter = logger
            quieter.logLevel = .error
            quieter[metadataKey: "part"] = "quieter"
            logger.info("not yet")
            logger.warning("one")
            level.set(.debug)
            logger.debug("two")
            quieter.warning("too little")
            quieter.error("three")
            #expect(
                log.entries.map { "\($0.level) \($0.text)" } == [
                    "warning one host=here", "debug two host=here", "error three host=here part=quieter",
                ])
        }
    }
}
