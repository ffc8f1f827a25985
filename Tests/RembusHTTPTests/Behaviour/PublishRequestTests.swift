import RembusTesting
import RembusWire
import Testing

@testable import RembusHTTP

/// Publications over HTTP: behaviour.md §17.
@Suite("HTTP: publications")
struct PublishRequestTests {
    @Test(
        "A publication reaches subscribers",
        arguments: ["/plant%2F7%2Ftelemetry", "/publish/plant/7/telemetry", "/publish/plant%2F7%2Ftelemetry"],
        ["", "?qos=0", "?qos=1", "?qos=2"])
    func reaches(path: String, qos: String) throws {
        for loops in HTTPStage.loops {
            let stage = try HTTPStage(loops: loops)
            let subscriber = try stage.subscriber(to: "plant/*/telemetry")
            let answer = try stage.post(path + qos, #"[{"temperature": 21.6}]"#)
            #expect(answer.status == 200 && answer.bytes.isEmpty)
            let publication = try subscriber.nextPublication()
            #expect(publication.topic == "plant/*/telemetry")
            #expect(publication.arguments == ["plant/7/telemetry", ["temperature": 21.6]])
            #expect(publication.flags.qos.rawValue == UInt8(qos.last.flatMap { Int(String($0)) } ?? 0))
            #expect(try subscriber.receive().isEmpty)
        }
    }

    @Test(
        "Topics that cannot be published to",
        arguments: [
            "/a%2F*", "/publish/**", "/" + String(repeating: "x", count: 1025),
            "/publish/" + String(repeating: "a/", count: 64) + "b",
        ])
    func topics(path: String) throws {
        let stage = try HTTPStage()
        let subscriber = try stage.subscriber(to: "**")
        #expect(try stage.post(path, "[1]").status == 400)
        #expect(try subscriber.receive().isEmpty)
    }

    @Test("A publication to a pattern is refused at once, with the reason", arguments: [0, 1, 2])
    func pattern(qos: Int) throws {
        let answer = try HTTPStage().post("/publish/plant/%2A/x?qos=\(qos)", "[1]")
        #expect(answer.status == 400 && answer.error.contains("wildcards are for subscribing"))
    }

    @Test("What is no quality of service", arguments: ["3", "-1", "", "x"])
    func qualities(text: String) throws {
        #expect(try HTTPStage().post("/x?qos=\(text)", "[1]").status == 400)
    }
}
