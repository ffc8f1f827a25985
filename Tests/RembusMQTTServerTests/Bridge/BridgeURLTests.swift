import RembusBroker
import RembusMQTT
import RembusTransport
import Testing

@testable import RembusMQTTServer

@Suite("URLs of MQTT brokers to be bridged with")
struct BridgeURLTests {
    @Test("All parts, and what stands for those that are missing") func parts() throws {
        let whole = try MQTTBridgeURL("mqtts://bridge:s3cret%2F%3A%40@hub.example:8884/site7")
        #expect(whole.isSecure && whole.host == "hub.example" && whole.port == 8884)
        #expect(whole.userName == "bridge" && whole.password == "s3cret/:@" && whole.clientID == "site7")
        let bare = try MQTTBridgeURL("mqtt://localhost")
        #expect(!bare.isSecure && bare.port == 1883 && bare.userName == nil && bare.clientID == nil)
        #expect(try MQTTBridgeURL("MQTTS://localhost/").port == 8883)
        #expect(try MQTTBridgeURL("mqtt://u@[::1]:9").host == "::1")
        #expect(try MQTTBridgeURL("mqtt://a:b:c@h").password == "b:c")
    }

    @Test("What is shown has no secret in it") func shown() throws {
        #expect(try MQTTBridgeURL("mqtt://u:pw@[::1]/me").description == "mqtt://[::1]:1883")
    }

    @Test(
        "Others are refused, without the password in the message",
        arguments: [
            "http://h", "h:1883", "mqtt://", "mqtt://u:pw@", "mqtt://u:pw@:1", "mqtt://u:pw@h:99999", "mqtt://u:pw@h:x",
            "mqtt://h/%ff", "mqtt://u:%ff@h", "mqtt://u:pw%2@h", "mqtt://u:pw@[::1", "mqtt://u:pw@[::1]9",
            "mqtt://h/a%00",
        ]) func refused(_ text: String)
    {
        let error = #expect(throws: BrokerError.self) { try MQTTBridgeURL(text) }
        #expect(error?.description.contains("pw") == false)
    }

    @Test("A session is kept for a client that has a name") func sessions() throws {
        let named = try MQTTBridgeURL("mqtt://h/site7").options(LinkConfiguration())
        #expect(!named.cleanStart && named.mayKeepForever && named.clientID == "site7")
        let nameless = try MQTTBridgeURL("mqtt://h").options(LinkConfiguration())
        #expect(nameless.cleanStart && !nameless.mayKeepForever && nameless.clientID.hasPrefix("rembus-"))
    }
}
