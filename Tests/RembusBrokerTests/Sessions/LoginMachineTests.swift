import NIOCore
@testable import RembusBroker
import RembusWire
import Testing

/// What a test says of the broker.
private struct Facts: LoginFacts {
    var isAuthenticated = false
    var overwritesConnections = false
    var unusable: Set<String> = []
    var administrators: Set<String> = []
    var fullTenants: Set<String> = []
    var connected: Set<String> = []

    func objection(toName name: String) -> String? { unusable.contains(name) ? "no such name" : nil }
    func needsProof(toBind name: String) -> Bool { administrators.contains(name) }
    func admitsTenant(of name: String) -> Bool { !fullTenants.contains(name) }
    func isConnected(_ name: String) -> Bool { connected.contains(name) }
}

private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
private let (one, two) = (MessageID(littleEndian: 1), MessageID(littleEndian: 2))

private func identity(_ name: String, _ id: MessageID = one) -> Message.Identity {
    Message.Identity(id: id, name: name, meta: ["ws": 8000])
}

private func attestation(_ name: String, _ id: MessageID = two) -> Message.Attestation {
    Message.Attestation(id: id, name: name, signature: ByteBuffer(bytes: [1, 2]))
}

private func claim(_ name: String, _ id: MessageID = one, meta: [String: UInt64] = ["ws": 8000], isProven: Bool = false)
    -> LoginClaim
{
    LoginClaim(asker: .message(id, meta: meta), name: name, user: name, isProven: isProven)
}

extension LoginMachine {
    fileprivate mutating func identify(_ identity: Message.Identity, _ facts: Facts, at now: NIODeadline = start)
        -> Action
    {
        self.identify(identity, certified: nil, now: now, facts)
    }

    /// A machine that has challenged `name`.
    fileprivate static func challenging(_ name: String?, _ facts: Facts = Facts()) -> LoginMachine {
        var machine = LoginMachine()
        machine.challenged([7, 7], for: name, until: start + .seconds(10))
        return machine
    }
}

@Suite struct LoginMachineTests {
    // MARK: A name that nobody has a key for

    @Test func aNameWithoutAKeyIsBound() {
        var machine = LoginMachine()
        let facts = Facts()
        var action = machine.identify(identity("meter"), facts)
        #expect(action == .lookUp("meter"))
        action = machine.lookedUp(.unprotected, facts)
        #expect(action == .bind(claim("meter")))
        let isIdentified = machine.isIdentified
        #expect(!isIdentified)
        let places = machine.bound()
        #expect(places == ["ws": 8000])
        action = machine.identify(identity("other", two), facts)
        #expect(action == .answer(two, .identified))
        action = machine.attest(attestation("other"), now: start, facts)
        #expect(action == .answer(two, .identified))
    }

    @Test func anEmptyNameIsAnsweredAndNothingElse() {
        var machine = LoginMachine()
        let action = machine.identify(identity(""), Facts())
        #expect(action == .answer(one, .emptyName))
    }

    @Test(arguments: [
        (IdentityService.Lookup.unprotected, Facts(isAuthenticated: true), LoginRefusal.authenticationRequired),
        (.unprotected, Facts(administrators: ["meter"]), .administratorName),
        (.unprotected, Facts(fullTenants: ["meter"]), .tooManyTenants),
        (.unusable, Facts(), .uncheckable),
    ]) private func aNameIsRefused(lookup: IdentityService.Lookup, facts: Facts, failure: LoginRefusal) {
        var machine = LoginMachine()
        _ = machine.identify(identity("meter"), facts)
        var action = machine.lookedUp(lookup, facts)
        #expect(action == .refuse(claim("meter"), name: "meter", failure))
        // The connection may try another one.
        action = machine.identify(identity("other", two), facts)
        #expect(action == .lookUp("other"))
    }

    @Test func anUnusableNameIsNotLookedUp() {
        var machine = LoginMachine()
        let action = machine.identify(identity("a b"), Facts(unusable: ["a b"]))
        #expect(action == .refuse(claim("a b"), name: "a b", .unusableName("no such name")))
    }

    @Test func aCertificateProvesItsNameAndNoOther() {
        var machine = LoginMachine()
        var action = machine.identify(identity("meter"), certified: "meter", now: start, Facts(isAuthenticated: true))
        #expect(action == .bind(claim("meter", isProven: true)))
        machine = LoginMachine()
        action = machine.identify(identity("other"), certified: "meter", now: start, Facts(isAuthenticated: true))
        #expect(action == .lookUp("other"))
    }

    // MARK: Challenge and proof

    @Test func aNameWithAKeyIsChallengedAndProven() {
        var machine = LoginMachine()
        let facts = Facts()
        _ = machine.identify(identity("meter"), facts)
        var action = machine.lookedUp(.protected, facts)
        #expect(action == .challenge(one, name: "meter"))
        machine.challenged([7, 7], for: "meter", until: start + .seconds(10))
        action = machine.attest(attestation("meter"), now: start, facts)
        #expect(action == .verify(attestation("meter"), challenge: [7, 7]))
        action = machine.verified(true, facts)
        #expect(action == .bind(claim("meter", two, meta: [:], isProven: true)))
    }

    @Test func aChallengeServesOnceForItsNameAndInTime() {
        for (name, now) in [("other", start), ("meter", start + .seconds(10)), ("meter", start + .seconds(11))] {
            var machine = LoginMachine.challenging("meter")
            let action = machine.attest(attestation(name), now: now, Facts())
            #expect(action == .rejectProof(two, name: name, isLast: false))
        }
        var machine = LoginMachine.challenging("meter")
        _ = machine.attest(attestation("meter"), now: start, Facts())
        _ = machine.verified(false, Facts())
        let action = machine.attest(attestation("meter"), now: start, Facts())
        #expect(action == .rejectProof(two, name: "meter", isLast: false))
    }

    @Test func aLookAlikeOfTheNameDoesNotMeetItsChallenge() {
        var machine = LoginMachine.challenging("caf\u{E9}")
        let action = machine.attest(attestation("cafe\u{301}"), now: start, Facts())
        #expect(action == .rejectProof(two, name: "cafe\u{301}", isLast: false))
    }

    @Test func whoFailsTooOftenIsThrownOut() {
        var machine = LoginMachine()
        for attempt in 1...LoginMachine.maxFailures {
            machine.challenged([UInt8(attempt)], for: "meter", until: start + .seconds(10))
            _ = machine.attest(attestation("meter"), now: start, Facts())
            let action = machine.verified(false, Facts())
            #expect(action == .rejectProof(two, name: "meter", isLast: attempt == LoginMachine.maxFailures))
        }
    }

    @Test func whoMustProveItselfHasOneAttempt() {
        let facts = Facts(isAuthenticated: true)
        var machine = LoginMachine.challenging(nil)
        _ = machine.attest(attestation("meter"), now: start, facts)
        let action = machine.verified(false, facts)
        #expect(action == .rejectProof(two, name: "meter", isLast: true))
    }

    @Test func identitiesDuringAChallengeShareItsOutcome() {
        var machine = LoginMachine.challenging(nil)
        for number in 0..<LoginMachine.maxPostponed {
            let id = MessageID(littleEndian: UInt64(100 + number))
            let action = machine.identify(identity("meter", id), Facts())
            #expect(action == .limitTime(id))
            let isPostponed = machine.isPostponed(id)
            #expect(isPostponed)
        }
        var action = machine.identify(identity("meter"), Facts())
        #expect(action == .answer(one, .openChallenge))
        // The first of them has said whose the challenge is.
        action = machine.attest(attestation("other"), now: start, Facts())
        #expect(action == .rejectProof(two, name: "other", isLast: false))
        let ids = machine.takePostponed()
        #expect(ids.count == LoginMachine.maxPostponed)
        let none = machine.takePostponed()
        #expect(none.isEmpty)
    }

    @Test func anIdentityBehindAnExpiredChallengeIsLookedUp() {
        var machine = LoginMachine.challenging("meter")
        let action = machine.identify(identity("meter"), Facts(), at: start + .seconds(10))
        #expect(action == .lookUp("meter"))
    }

    // MARK: A name that is connected

    @Test func anUnprovenNameTakesNoConnectionAway() {
        let facts = Facts(connected: ["meter"])
        var machine = LoginMachine()
        _ = machine.identify(identity("meter"), facts)
        _ = machine.lookedUp(.unprotected, facts)
        let action = machine.taken(bySameKind: true, facts)
        #expect(action == .refuse(claim("meter"), name: "meter", .connected))
    }

    @Test func onlyADeadConnectionIsChallengedFor() {
        let facts = Facts(connected: ["meter"])
        for isAlive in [true, false] {
            var machine = LoginMachine()
            _ = machine.identify(identity("meter"), facts)
            var action = machine.lookedUp(.protected, facts)
            #expect(action == .judge("meter"))
            action = machine.judged(isAlive: isAlive)
            #expect(
                action
                    == (isAlive
                        ? .refuse(claim("meter"), name: "meter", .connected) : .challenge(one, name: "meter")))
        }
    }

    @Test func onlyADeadConnectionLosesItsNameToAProof() {
        let facts = Facts(connected: ["meter"])
        let proven = claim("meter", two, meta: [:], isProven: true)
        for isAlive in [true, false] {
            var machine = LoginMachine.challenging("meter")
            _ = machine.attest(attestation("meter"), now: start, facts)
            _ = machine.verified(true, facts)
            var action = machine.taken(bySameKind: true, facts)
            #expect(action == .judge("meter"))
            action = machine.judged(isAlive: isAlive)
            guard !isAlive else {
                #expect(action == .refuse(proven, name: "meter", .connected))
                continue
            }
            #expect(action == .replace("meter"))
            action = machine.vacated()
            #expect(action == .bind(proven))
        }
    }

    @Test func theSettingLetsTheNewerConnectionHaveTheName() {
        let facts = Facts(overwritesConnections: true, connected: ["meter"])
        var machine = LoginMachine()
        _ = machine.identify(identity("meter"), facts)
        _ = machine.lookedUp(.unprotected, facts)
        var action = machine.taken(bySameKind: false, facts)
        #expect(action == .replace("meter"))
        action = machine.vacated()
        #expect(action == .bind(claim("meter")))
        machine = LoginMachine()
        _ = machine.identify(identity("meter"), facts)
        action = machine.lookedUp(.protected, facts)
        #expect(action == .challenge(one, name: "meter"))
    }

    // MARK: Steps that nothing belongs to

    @Test func whatNobodyWaitsForIsNothing() {
        var machine = LoginMachine()
        let facts = Facts()
        let actions = [
            machine.lookedUp(.unprotected, facts), machine.verified(true, facts), machine.checked(.right, facts),
            machine.taken(bySameKind: true, facts), machine.judged(isAlive: false), machine.vacated(), machine.kept(),
        ]
        #expect(actions == Array(repeating: .none, count: 7))
    }

    // MARK: Clients of gateways

    private static func client(_ name: String?, _ user: String, takesOver: Bool = false, isProven: Bool = false)
        -> LoginClaim
    {
        LoginClaim(asker: .gateway(takesOver: takesOver), name: name, user: user, isProven: isProven)
    }

    @Test func aClientWithoutANameStaysAnonymousWhereThatIsAllowed() {
        var machine = LoginMachine()
        var action = machine.logIn(.init(name: nil), Facts())
        #expect(action == .stayAnonymous)
        action = machine.logIn(.init(name: nil), Facts(isAuthenticated: true))
        #expect(action == .refuse(Self.client(nil, ""), name: "", .needsProof))
    }

    @Test func aSecretProvesTheUser() {
        let facts = Facts(isAuthenticated: true)
        var machine = LoginMachine()
        var action = machine.logIn(.init(name: "meter", secret: [1]), facts)
        #expect(action == .check(secret: [1], user: "meter"))
        action = machine.checked(.right, facts)
        #expect(action == .bind(Self.client("meter", "meter", isProven: true)))
        machine = LoginMachine()
        _ = machine.logIn(.init(name: "meter", user: "plant", secret: [1]), facts)
        action = machine.checked(.keyPair, facts)
        #expect(action == .refuse(Self.client("meter", "plant"), name: "plant", .wrongSecret(.keyPair)))
    }

    @Test func theNameOfAnotherMustBeFree() {
        for (lookup, facts, isFree) in [
            (IdentityService.Lookup.unprotected, Facts(), true), (.protected, Facts(), false),
            (.unusable, Facts(), false), (.unprotected, Facts(administrators: ["meter"]), false),
        ] {
            var machine = LoginMachine()
            var action = machine.logIn(.init(name: "meter", user: "plant", isProven: true), facts)
            #expect(action == .lookUp("meter"))
            action = machine.lookedUp(lookup, facts)
            let proven = Self.client("meter", "plant", isProven: true)
            #expect(action == (isFree ? .bind(proven) : .refuse(proven, name: "meter", .needsProof)))
        }
    }

    @Test func aGuestDoesNotPoseAsAComponentThatIsHere() {
        let facts = Facts(connected: ["plant"])
        var machine = LoginMachine()
        _ = machine.logIn(.init(name: nil, user: "plant"), facts)
        var action = machine.lookedUp(.unprotected, facts)
        #expect(action == .refuse(Self.client(nil, "plant"), name: "plant", .connected))
        action = machine.logIn(.init(name: nil, user: "plant", isProven: true), facts)
        #expect(action == .becomeGuest(Self.client(nil, "plant", isProven: true)))
        _ = machine.bound()
        action = machine.logIn(.init(name: "meter"), facts)
        #expect(action == .refuse(Self.client("meter", "meter"), name: "meter", .identified))
    }

    @Test func aClientTakesOverOnlyFromItsKindAndWhereItWantsTo() {
        let facts = Facts(connected: ["meter"])
        for (takesOver, isSameKind) in [(true, true), (true, false), (false, true)] {
            var machine = LoginMachine()
            _ = machine.logIn(.init(name: "meter", isProven: true, takesOver: takesOver), facts)
            let proven = Self.client("meter", "meter", takesOver: takesOver, isProven: true)
            var action = machine.taken(bySameKind: isSameKind, facts)
            guard takesOver, isSameKind else {
                #expect(action == .refuse(proven, name: "meter", .connected))
                continue
            }
            #expect(action == .askToLeave(proven))
            var other = machine
            action = machine.vacated()
            #expect(action == .bind(proven))
            action = other.kept()
            #expect(action == .refuse(proven, name: "meter", .connected))
        }
    }
}
