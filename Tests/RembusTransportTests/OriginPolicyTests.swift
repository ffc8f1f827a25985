@testable import RembusListening
import Testing

/// Which web pages may open a connection.
struct OriginPolicyTests {
    func permits(_ origins: [String], host: String? = "broker.example:8338", allowed: [String] = []) -> Bool {
        OriginPolicy(allowed: allowed).permits(origins: origins, host: host)
    }

    @Test func programsThatAreNoBrowsersMay() {
        #expect(permits([]))
        #expect(permits([], host: nil))
    }

    @Test func theSameHostAndPortMay() {
        #expect(permits(["https://broker.example:8338"]))
        #expect(permits(["HTTPS://Broker.Example:8338"]))
        #expect(permits(["http://localhost:8338"], host: "localhost:8338"))
        #expect(permits(["http://192.0.2.7:8338"], host: "192.0.2.7:8338"))
        #expect(permits(["https://broker.example"], host: "broker.example:443"))
        #expect(permits(["https://broker.example:443"], host: "broker.example"))
        #expect(permits(["http://[::1]:8338"], host: "[::1]:8338"))
    }

    /// A page of `evil.example`, whose name leads to the broker's address by now.
    @Test func aNameThatWasMadeToLeadHereMayNot() {
        #expect(!permits(["http://evil.example:8338"], host: "evil.example:8338"))
        #expect(!permits(["http://1.2.3.evil:8338"], host: "1.2.3.evil:8338"))
        #expect(permits(["http://evil.example:8338"], host: "evil.example:8338", allowed: ["http://evil.example:8338"]))
    }

    @Test func othersMayNot() {
        #expect(!permits(["http://broker.example"]))
        #expect(!permits(["http://broker.example:80"]))
        #expect(!permits(["http://evil.example:8338"]))
        #expect(!permits(["http://broker.example:8338.evil.example"]))
        #expect(!permits(["http://broker.example:8338@evil.example"]))
        #expect(!permits(["null"]))
        #expect(!permits([""]))
        #expect(!permits(["http://broker.example:8338"], host: nil))
        #expect(!permits(["http://broker.example:8338", "http://evil.example"]))
    }

    @Test func listedOriginsMay() {
        #expect(permits(["https://panel.example"], allowed: ["https://panel.example"]))
        #expect(permits(["https://panel.example"], allowed: ["https://panel.example/"]))
        #expect(permits(["https://panel.example"], allowed: ["https://panel.example:443"]))
        #expect(permits(["null"], allowed: ["null"]))
        #expect(permits(["http://anything"], allowed: ["*"]))
        #expect(!permits(["http://panel.example"], allowed: ["https://panel.example"]))
        #expect(!permits(["https://sub.panel.example"], allowed: ["https://panel.example"]))
    }
}
