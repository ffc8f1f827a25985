import Logging
import Testing

@testable import RembusBroker

/// What a running broker takes over of other settings.
@Suite("Settings that count at once")
struct AdoptedSettingsTests {
    @Test("Limits, rates and policies are taken over, listeners and files are not")
    func adoption() {
        var wanted = BrokerConfiguration()
        wanted.limits.maxCalls = 5
        wanted.limits.handshakesPerSecond = 7
        wanted.policy = .lessBusy
        wanted.security.trustedProxies = ["10.0.0.0/8"]
        wanted.logLevel = .debug
        wanted.port = 1
        wanted.gateways.httpPort = 2
        wanted.threads = 3
        wanted.security.isAuthenticated = true
        wanted.storage.schemaFile = "schema.json"
        let adopted = BrokerConfiguration().adopting(wanted)
        var expected = BrokerConfiguration()
        expected.limits = wanted.limits
        expected.policy = .lessBusy
        expected.security.trustedProxies = wanted.security.trustedProxies
        expected.logLevel = .debug
        #expect(adopted == expected)
    }

    @Test("Certificates of other files are taken over where there is TLS already")
    func certificates() {
        var running = BrokerConfiguration()
        var wanted = running
        wanted.security.isSecure = true
        wanted.security.keystore = "other"
        #expect(running.adopting(wanted).security == running.security)
        running.security.isSecure = true
        #expect(running.adopting(wanted).security.keystore == "other")
    }

    @Test("A broker without a journal begins none")
    func recording() {
        var (running, wanted) = (BrokerConfiguration(), BrokerConfiguration())
        running.storage.record = ["none"]
        wanted.storage.record = ["a/**"]
        #expect(running.adopting(wanted).storage.record == ["none"])
        running.storage.record = ["b/**,age=1d"]
        #expect(running.adopting(wanted).storage.record == ["a/**"])
    }
}
