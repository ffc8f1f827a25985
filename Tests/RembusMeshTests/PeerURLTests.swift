import Rembus
import RembusBroker
import Testing

@testable import RembusMesh

@Suite("URLs of other brokers")
struct PeerURLTests {
    @Test(
        "A URL says where the other broker is and what this one is called there",
        arguments: ["ws", "wss", "tcp", "tls"])
    func usable(scheme: String) throws {
        let url = try PeerURL("\(scheme)://hub.example.org:9000/site-7.acme")
        #expect(url.name == "site-7.acme")
        #expect(url.url.host == "hub.example.org" && url.url.port == 9000)
        #expect(url.description == "\(scheme)://hub.example.org:9000/site-7.acme")
    }

    @Test(
        "Others are refused with a sentence",
        arguments: [
            ("hub", "no URL of a broker"), ("ws://hub:9000", "does not say as what this broker is known there"),
            ("zmq://hub:9000/site", "not with zmq"), ("mqtt://hub/site", "not with mqtt"), ("http://hub/site", "http"),
            ("", "--peer"), ("ws://", "--peer"), ("ws://hub:99999/site", "--peer"),
        ])
    func refused(text: String, reason: String) {
        let error = #expect(throws: BrokerError.self) { try PeerURL(text) }
        #expect(error?.description.hasPrefix("--peer") == true)
        #expect(error?.description.contains(reason) == true)
    }
}
