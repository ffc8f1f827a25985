import Foundation
import Testing

@testable import Rembus

/// behaviour.md §19: explicit argument, then settings.json, then environment, then default.
struct SettingsTests {
    /// A folder with a settings file for the component `c`.
    private func withSettings(_ text: String, _ body: (ComponentConfiguration) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("rembus-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("c"), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: folder.appendingPathComponent("c/settings.json"))
        try body(.untouched { $0.directory = folder.path })
    }

    @Test func defaults() throws {
        let settings = try Settings(.untouched(), name: "c")
        #expect(settings.requestTimeout == .seconds(10))
        #expect(settings.acknowledgementTimeout == .seconds(2))
        #expect(settings.sendRetries == 10)
        #expect(settings.pingInterval == .seconds(30))
        #expect(settings.zeroMQPingInterval == .seconds(30))
        #expect(settings.maxMessageBytes == 62_914_560)
        #expect(!settings.startAnyway)
    }

    @Test func environmentBeatsDefaults() throws {
        let configuration = ComponentConfiguration.untouched {
            $0.environment = [
                "REMBUS_TIMEOUT": "1.5", "REMBUS_ACK_TIMEOUT": "0.25", "REMBUS_SEND_RETRIES": "3",
                "REMBUS_WS_PING_INTERVAL": "0", "REMBUS_START_ANYWAY": "Yes", "REMBUS_ZMQ_PING_INTERVAL": "7",
            ]
        }
        let settings = try Settings(configuration, name: nil)
        #expect(settings.requestTimeout == .seconds(1.5))
        #expect(settings.acknowledgementTimeout == .seconds(0.25))
        #expect(settings.sendRetries == 3)
        #expect(settings.pingInterval == .zero)
        #expect(settings.zeroMQPingInterval == .seconds(7))
        #expect(settings.startAnyway)
    }

    @Test func fileBeatsEnvironmentAndArgumentBeatsFile() throws {
        try withSettings(#"{"request_timeout": 4, "send_retries": 5, "start_anyway": false, "max_ws_frame": 1000}"#) {
            var configuration = $0
            configuration.environment = [
                "REMBUS_TIMEOUT": "1", "REMBUS_SEND_RETRIES": "1", "REMBUS_START_ANYWAY": "1",
            ]
            configuration.sendRetries = 7
            let settings = try Settings(configuration, name: "c")
            #expect(settings.requestTimeout == .seconds(4))
            #expect(settings.sendRetries == 7)
            #expect(!settings.startAnyway)
            #expect(settings.maxMessageBytes == 1000)
            let anonymous = try Settings(configuration, name: nil)
            #expect(anonymous.requestTimeout == .seconds(1))
        }
    }

    @Test func directoryComesFromTheEnvironment() {
        var configuration = ComponentConfiguration.untouched { $0.directory = nil }
        configuration.environment = ["REMBUS_DIR": "/somewhere", "HOME": "/tmp/someone"]
        #expect(configuration.resolvedDirectory() == "/somewhere")
        configuration.environment = ["HOME": "/tmp/someone"]
        #expect(configuration.resolvedDirectory().hasPrefix("/tmp/someone/"))
    }

    @Test(arguments: [
        "not json", "[]", #"{"request_timeout": "10"}"#, #"{"request_timeout": -1}"#, #"{"send_retries": 1.5}"#,
        #"{"start_anyway": 1}"#, #"{"ack_timeout": 0}"#, #"{"max_ws_frame": 0}"#,
    ])
    func unusableFilesAreErrors(_ text: String) throws {
        try withSettings(text) { configuration in
            let error = #expect(throws: RembusError.self) { try Settings(configuration, name: "c") }
            #expect(error?.code == .invalidSetting)
            #expect(error?.message.hasSuffix(".") == true || error?.message.contains("JSON") == true)
        }
    }

    @Test(arguments: ["REMBUS_TIMEOUT", "REMBUS_SEND_RETRIES"])
    func unusableVariablesAreNamed(_ variable: String) {
        let configuration = ComponentConfiguration.untouched { $0.environment = [variable: "soon"] }
        let error = #expect(throws: RembusError.self) { try Settings(configuration, name: nil) }
        #expect(error?.message.contains(variable) == true)
    }
}
