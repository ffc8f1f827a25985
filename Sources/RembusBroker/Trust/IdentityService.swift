import Dispatch
import Logging
import NIOCore
import RembusIdentity
import RembusTrust
import RembusWire
import Synchronization

/// Looks up keys, checks signatures and pins, and changes the rules: everything that waits for the disk or takes much
/// time, on a queue of its own instead of an event loop.
///
/// The settings and limiters are used on `queue` only; hence unchecked.
final class IdentityService: @unchecked Sendable {
    private let queue = DispatchQueue(label: "rembus.identity", qos: .userInitiated)
    private let trust: BrokerTrust
    private var settings: SecurityConfiguration
    private let logger: Logger
    private var registrations: AttemptLimiter
    private var failedLogins: AttemptLimiter
    /// Addresses with too many failures, and the time until which nothing from there is checked.
    private var blocked: [String: NIODeadline] = [:]
    private let waiting = Atomic<Int>(0)

    /// The most jobs that may wait. More of them mean a flood, and are refused.
    private static let maxWaiting = 10_000
    private static let maxAddresses = 10_000
    /// The failed logins of an address within a minute after which nothing from there is checked for a minute.
    private static let maxFailedLogins = 60

    init(trust: BrokerTrust, settings: SecurityConfiguration, logger: Logger) {
        self.trust = trust
        self.settings = settings
        self.logger = logger
        registrations = AttemptLimiter(
            attempts: settings.maxRegisterAttempts, per: .seconds(60), capacity: Self.maxAddresses)
        failedLogins = AttemptLimiter(attempts: Self.maxFailedLogins, per: .seconds(60), capacity: Self.maxAddresses)
    }

    /// Takes over other settings.
    func adopt(_ settings: SecurityConfiguration) {
        queue.async {
            if settings.maxRegisterAttempts != self.settings.maxRegisterAttempts {
                self.registrations = AttemptLimiter(
                    attempts: settings.maxRegisterAttempts, per: .seconds(60), capacity: Self.maxAddresses)
            }
            self.settings = settings
        }
    }

    /// Runs `work` on the queue and `completion` with its result on `eventLoop`. The result is nil when too many jobs
    /// wait.
    private func run<Result: Sendable>(
        on eventLoop: any EventLoop, _ work: @escaping @Sendable () -> Result,
        _ completion: @escaping @Sendable (Result?) -> Void
    ) {
        guard waiting.wrappingAdd(1, ordering: .relaxed).newValue <= Self.maxWaiting else {
            waiting.wrappingSubtract(1, ordering: .relaxed)
            return eventLoop.execute { completion(nil) }
        }
        queue.async {
            let result = work()
            eventLoop.execute { completion(result) }
            self.waiting.wrappingSubtract(1, ordering: .releasing)
        }
    }

    /// Whether all results have been delivered.
    var isIdle: Bool { waiting.load(ordering: .acquiring) == 0 }

    // MARK: Login

    enum Lookup: Sendable {
        /// The name has no key. In free mode whoever comes first gets it.
        case unprotected
        case protected
        /// The key file cannot be used, or too many jobs wait: nobody gets the name.
        case unusable
    }

    /// Whether a name has a key.
    func lookUp(
        _ name: String, on eventLoop: any EventLoop, _ completion: @escaping @Sendable (Lookup) -> Void
    ) {
        guard trust.keys != nil else { return completion(.unprotected) }
        run(on: eventLoop) {
            self.verifier(for: name)
        } _: { verifier in
            switch verifier {
            case .success(.some)?: completion(.protected)
            case .success(nil)?: completion(.unprotected)
            case .failure?, nil: completion(.unusable)
            }
        }
    }

    /// Finds out whether a signature proves a name. Failures count against the address; after too many, every further
    /// check fails.
    func verify(
        _ signature: [UInt8], challenge: [UInt8], name: String, address: String, on eventLoop: any EventLoop,
        _ completion: @escaping @Sendable (Bool) -> Void
    ) {
        run(on: eventLoop) {
            self.isProven(name, address) { verifier in
                guard case .success(let verifier?) = verifier else { return false }
                return verifier.isValid(signature, challenge: challenge, name: name)
            }
        } _: {
            completion($0 ?? false)
        }
    }

    /// The outcome of checking a secret for a name. Peers learn only whether the secret was right.
    enum SecretCheck: Sendable {
        case right
        case wrong
        /// The name has no secret and no key.
        case noSecret
        /// The name has a key pair, so no secret can prove it.
        case keyPair
        /// The name's key file cannot be used.
        case unusable
        /// Nothing was checked: too many logins from the address have failed, or too many jobs wait.
        case unchecked

        /// Why the secret did not prove the name, for the log.
        func reason(_ name: String) -> String {
            switch self {
            case .right: "the secret is right"
            case .wrong: "the secret is wrong"
            case .noSecret: "the name has no shared secret; `rembus keys secret \(name)` makes one"
            case .keyPair: "the name has a key pair, which no password proves"
            case .unusable: "the name's key file cannot be used"
            case .unchecked:
                "too many logins from this address have failed, or too many are waiting; it was not checked"
            }
        }
    }

    /// Finds out whether `secret` is the shared secret of a name, for gateways whose protocol sends it. Failures count
    /// as those of ``verify(_:challenge:name:address:on:_:)`` do.
    func check(
        secret: [UInt8], name: String, address: String, on eventLoop: any EventLoop,
        _ completion: @escaping @Sendable (SecretCheck) -> Void
    ) {
        run(on: eventLoop) { () -> SecretCheck in
            var outcome = SecretCheck.unchecked
            _ = self.isProven(name, address) { verifier in
                switch verifier {
                case .success(nil): outcome = .noSecret
                case .success(.publicKey?): outcome = .keyPair
                case .success(let verifier?): outcome = verifier.isSecret(secret) ? .right : .wrong
                case .failure: outcome = .unusable
                }
                return outcome == .right
            }
            return outcome
        } _: {
            completion($0 ?? .unchecked)
        }
    }

    private func isProven(
        _ name: String, _ address: String, _ isValid: (Result<Verifier?, IdentityError>) -> Bool
    ) -> Bool {
        let now = NIODeadline.now()
        if let end = blocked[address] {
            guard end <= now else { return false }
            blocked[address] = nil
        }
        if isValid(verifier(for: name)) { return true }
        if !failedLogins.allows(address, now: .now), blocked.count < Self.maxAddresses {
            blocked[address] = now + .seconds(60)
        }
        return false
    }

    private func verifier(for name: String) -> Result<Verifier?, IdentityError> {
        do throws(IdentityError) {
            return .success(try trust.keys?.verifier(for: name))
        } catch {
            logger.error("the key of \(name) cannot be used: \(error)")
            return .failure(error)
        }
    }

    // MARK: Registration

    /// Stores a component's public key, if the pin of its tenant is right (protocol.md §7.5).
    func register(
        _ register: Message.Register, address: String, on eventLoop: any EventLoop,
        _ completion: @escaping @Sendable (StatusCode, Value) -> Void
    ) {
        let key = Array(register.publicKey.readableBytesView)
        run(on: eventLoop) {
            self.outcome(of: register, key, address)
        } _: { outcome in
            completion(outcome?.0 ?? .error, outcome?.1 ?? .text(BrokerText.busy))
        }
    }

    private func outcome(of register: Message.Register, _ key: [UInt8], _ address: String) -> (StatusCode, Value) {
        let tenant = NameRules.tenant(of: register.name)
        guard settings.allowsRegistration, let keys = trust.keys else {
            return (.error, .text(BrokerText.noRegistration))
        }
        guard let stored = trust.store.document.tenants[tenant] else {
            return (.error, .text(BrokerText.unknownTenant(tenant)))
        }
        // Only failures count: many components behind one address may register as fast as they like, but pins may not
        // be guessed.
        guard registrations.hasRoom(address, now: .now) else {
            return (.error, .text(BrokerText.tooManyRegistrations))
        }
        guard let pin = PinHash(stored), pin.matches(register.pin) else {
            _ = registrations.allows(address, now: .now)
            return (.error, .text(BrokerText.wrongPin(tenant)))
        }
        let scheme: KeyScheme
        switch register.keyType {
        case 1: scheme = .rsa
        case 2: scheme = .ecdsa
        default: return (.error, .text(BrokerText.unknownKeyType(register.keyType)))
        }
        do throws(IdentityError) {
            guard try keys.store(key, scheme: scheme, for: register.name) else {
                return (.nameTaken, .text(BrokerText.nameTaken(register.name)))
            }
            return (.ok, .null)
        } catch {
            logger.notice("a key for \(register.name) was refused: \(error)")
            return (.error, .text(BrokerText.unusableKey))
        }
    }

    /// Removes a component's key.
    func unregister(
        _ name: String, on eventLoop: any EventLoop, _ completion: @escaping @Sendable (Bool) -> Void
    ) {
        run(on: eventLoop) {
            do throws(IdentityError) {
                return try self.trust.keys?.remove(name) ?? false
            } catch {
                self.logger.error("the key of \(name) cannot be removed: \(error)")
                return false
            }
        } _: {
            completion($0 ?? false)
        }
    }

    // MARK: Rules

    /// Changes rules or keys, and reports the outcome on the event loop.
    func administer(
        on eventLoop: any EventLoop, _ work: @escaping @Sendable (BrokerTrust) -> (StatusCode, Value),
        _ completion: @escaping @Sendable (StatusCode, Value) -> Void
    ) {
        run(on: eventLoop) {
            work(self.trust)
        } _: { outcome in
            completion(outcome?.0 ?? .error, outcome?.1 ?? .text(BrokerText.busy))
        }
    }

    /// Reads the rules again if another process has written them. `completion` is called when they have changed.
    func reloadIfChanged(_ completion: @escaping @Sendable () -> Void) {
        queue.async {
            if self.trust.store.reloadIfChanged() { completion() }
        }
    }
}
