import Testing

@testable import RembusWire

@Suite("Admin commands")
struct AdminCommandTests {
    @Test(
        "Decodes what it encodes",
        arguments: [
            .subscribe(messageFrom: 0), .subscribe(messageFrom: .infinity), .unsubscribe, .expose, .unexpose,
            .reactive(true, messageFrom: nil), .reactive(false, messageFrom: 6e10),
            .setup(exposers: ["a"], subscribers: []), .privateTopic, .publicTopic, .authorize("c"), .unauthorize("c"),
            .other("broker_config"),
        ] as [AdminCommand])
    func roundTrips(_ command: AdminCommand) throws {
        #expect(try AdminCommand(command.data) == command)
    }

    @Test("Optional fields and integers")
    func tolerance() throws {
        #expect(try AdminCommand(["cmd": "subscribe"]) == .subscribe(messageFrom: 0))
        #expect(try AdminCommand(["cmd": "subscribe", "msg_from": 900]) == .subscribe(messageFrom: 900))
        #expect(try AdminCommand(["cmd": "reactive", "status": 1]) == .reactive(true, messageFrom: nil))
        #expect(try AdminCommand(["cmd": "setup"]) == .setup(exposers: [], subscribers: []))
        #expect(try AdminCommand(["cmd": "expose", "rmark": [1], "touch": ["x"]]) == .expose)
    }

    @Test("Refuses what the reference crashes on")
    func refuses() {
        let data: [Value] = [
            .null, 1, [], [:], ["cmd": .null], ["cmd": 5], ["cmd": "reactive"], ["cmd": "reactive", "status": "yes"],
            ["cmd": "authorize"], ["cmd": "unauthorize", "cid": .null], ["cmd": "subscribe", "msg_from": .null],
            ["cmd": "subscribe", "msg_from": "x"], ["cmd": "subscribe", "msg_from": .float(.nan)],
            ["cmd": "reactive", "status": true, "msg_from": .null], ["cmd": "setup", "exposers": "x"],
            ["cmd": "setup", "subscribers": [1]],
        ]
        for data in data {
            #expect(throws: WireError.self, "\(data)") { try AdminCommand(data) }
        }
    }
}
