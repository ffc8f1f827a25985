import RembusSupport
import RembusTransport
import RembusWire
import Testing

@testable import RembusBroker

@Suite struct RegistrationLedgerTests {
    private typealias Usage = RegistrationLedger.Usage
    private typealias Owner = RegistrationLedger.Owner

    private let one: Owner
    private let two: Owner
    private let user = Owner.user(ExactText("pump7"))
    private var ledger: RegistrationLedger

    init() throws {
        one = .address(try #require(AddressKey(text: "192.0.2.1")))
        two = .address(try #require(AddressKey(text: "192.0.2.2")))
        var limits = BrokerLimits()
        (limits.maxOfflineComponents, limits.maxOfflineComponentsPerAddress) = (10, 6)
        (limits.maxRememberedBytes, limits.maxRememberedBytesPerAddress) = (8000, 4000)
        ledger = RegistrationLedger(limits)
    }

    @Test mutating func anAddressHasItsShareAndNoMore() {
        ledger.change(one, from: Usage(), to: Usage(names: 6, bytes: 4000))
        #expect(ledger.shortage(of: Usage(names: 1), for: one) == .ofOwner)
        #expect(ledger.shortage(of: Usage(bytes: 1), for: one) == .ofOwner)
        #expect(ledger.shortage(of: Usage(names: 4, bytes: 3000), for: two) == nil)
    }

    @Test mutating func addressesTogetherLeaveRoomForProofs() {
        ledger.change(one, from: Usage(), to: Usage(names: 5, bytes: 3500))
        ledger.change(two, from: Usage(), to: Usage(names: 5, bytes: 3500))
        let three = Owner.local
        #expect(ledger.shortage(of: Usage(names: 1), for: three) == .ofAll)
        #expect(ledger.shortage(of: Usage(bytes: 1), for: three) == .ofAll)
        #expect(ledger.shortage(of: Usage(names: 1, bytes: 1000), for: user) == nil)
        #expect(ledger.shortage(of: Usage(names: 1, bytes: 1001), for: user) == .ofAll)
    }

    @Test mutating func whatProofsTakeIsNotThereForOthers() {
        ledger.change(user, from: Usage(), to: Usage(bytes: 4000))
        ledger.change(.user(ExactText("pump8")), from: Usage(), to: Usage(bytes: 3000))
        #expect(ledger.shortage(of: Usage(bytes: 1001), for: one) == .ofAll)
        #expect(ledger.shortage(of: Usage(bytes: 1), for: user) == .ofOwner)
    }

    @Test mutating func whatIsGivenBackLeavesNothing() {
        ledger.change(one, from: Usage(), to: Usage(names: 1, bytes: 100))
        ledger.change(one, from: Usage(names: 1, bytes: 100), to: Usage(bytes: 50))
        #expect(ledger.usage(of: one) == Usage(bytes: 50))
        ledger.change(one, from: Usage(bytes: 50), to: Usage())
        #expect(ledger.usage(of: one) == Usage())
        #expect(ledger.unproven == Usage())
    }

    @Test func lessIsAlwaysPossible() {
        #expect(ledger.shortage(of: Usage(names: -1, bytes: -5), for: one) == nil)
    }
}
