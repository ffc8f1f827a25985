import Logging
import RembusTrust

/// The texts of the broker's errors. Each says what could not be done, why, and what to do about it.
///
/// Code that has to know what kind of error a text stands for asks the functions under *Kinds*, and does not compare
/// texts itself.
package enum BrokerText {
    // MARK: Calls

    static func notFound(_ method: String) -> String {
        "No component offers method `\(method)` (42). Check the name, or start its provider."
    }

    static let stopping = "The broker is about to stop and begins nothing new (43). Retry when it is back."

    static func offline(_ method: String) -> String {
        "`\(method)` has a provider, but it is offline (43). Start it, then retry."
    }

    static func loopback(_ method: String) -> String {
        "You called your own method `\(method)` (44). Call it from another component."
    }

    static func unknownTarget(_ name: String) -> String {
        "This broker does not know `\(name)` (45). Check the name of the target against `rembus admin connections`."
    }

    static func offlineTarget(_ name: String) -> String { "`\(name)` is offline (46). Start it, then retry." }

    static func unanswered(_ method: String) -> String {
        "The broker stops before the provider of `\(method)` has answered; it may have run (43). Retry only if that is safe."
    }

    static func disconnected(_ method: String) -> String {
        "The provider of `\(method)` disconnected during the call; it may have run (43). Retry only if that is safe."
    }

    static func late(_ method: String, _ limit: CallLimit) -> String {
        let advice =
            switch limit.source {
            case .requestTimeout: "Call with a longer time-out of your own, or raise the setting."
            case .caller: "Call with a longer one."
            case .maximum: "Raise the setting."
            }
        return "The provider of `\(method)` did not answer within \(limit.description); it may have run (43). \(advice)"
    }

    static func busyProvider(_ method: String, _ limit: Int) -> String {
        "The provider of `\(method)` has \(limit) calls to answer already (43), see `max_pending_calls`. Retry later, or start another provider."
    }

    static func tooManyCalls(_ limit: Int) -> String {
        "Too many calls: \(limit) of this connection wait for an answer (`max_calls`). Wait for some of them."
    }

    static func longMethod(_ count: Int, _ limit: Int) -> String {
        "The method's name has \(count) bytes; at most \(limit) are allowed (`max_topic_bytes`). Use a shorter one."
    }

    static func tooManyHops(_ count: UInt64) -> String {
        "The call has come through \(count) brokers, which is too many. Do the links between them lead round a circle?"
    }

    static func droppedAnswer(_ limit: Int) -> String {
        "The answer was dropped (43): more than \(limit) bytes of answers wait for this connection to be read. Read them, or ask for less."
    }

    package static func removedCertificate(_ name: String) -> String {
        "The certificate of `\(name)` is no longer accepted: the component was removed after the certificate was made. Get a new one."
    }

    static let noMemory =
        "The call was not started (43): too much memory is held for connections that do not read. Try again later; an administrator can raise memory_limit."

    static let serverMode =
        "This broker runs in server mode and passes no calls on. Call a method of its own, without a target."
    static let undecodable = "The arguments cannot be decoded. Send well-formed values."

    // MARK: Topics

    /// Says which topics can be used.
    static func unusableTopic(_ limits: BrokerLimits) -> String {
        "The topic cannot be used: it needs 1 to \(limits.maxTopicBytes) bytes (`max_topic_bytes`) and at most "
            + "\(limits.maxTopicSegments) segments (`max_topic_segments`). Use a shorter one."
    }

    static func pattern(_ topic: String) -> String {
        "Cannot publish to `\(topic)`: wildcards are for subscribing. Name one topic."
    }

    static func deep(_ topic: String, _ limit: Int) -> String {
        "Cannot publish to `\(topic)`: it has more than \(limit) segments (`max_topic_segments`). Use fewer slashes."
    }

    static func reservedTopic(_ topic: String) -> String {
        "Cannot publish to `\(topic)`: it is reserved for the broker. Name another topic."
    }

    static func topicLength(_ count: Int, _ limit: Int) -> String {
        "Cannot publish to a topic of \(count) bytes: 1 to \(limit) are allowed (`max_topic_bytes`). Name a topic within that."
    }

    static func tooManySubscriptions(_ limit: Int) -> String {
        "This component has \(limit) subscriptions (`max_subscriptions`). End some, or subscribe to a pattern."
    }

    static func tooManyMethods(_ limit: Int) -> String {
        "This component exposes \(limit) methods (`max_exposed`). Withdraw some."
    }

    static let tooManyTenants =
        "This broker has met too many tenants and takes a new one from components with a proof only. Use a name without a dot, or register a key."

    static func noRoom(_ shortage: RegistrationLedger.Shortage, _ limits: BrokerLimits) -> String {
        switch shortage {
        case .ofOwner:
            "Subscriptions and methods of this address or user take \(limits.maxRememberedBytesPerAddress) bytes already (`max_remembered_bytes_per_address`). End some, or subscribe to a pattern."
        case .ofAll:
            "Subscriptions and methods take all the memory that is for them (`max_remembered_bytes`). Retry later, or have the limit raised."
        }
    }

    // MARK: Rights

    private static let unauthorized = "unauthorized: "

    static func verb(_ action: TrustAction) -> String {
        action == .subscribe ? "subscribe to" : action == .publish ? "publish on" : action.rawValue
    }

    /// Says why the rules refuse an action.
    static func refused(_ action: TrustAction, _ topic: String, _ principal: Principal, isReadOnly: Bool) -> String {
        let who = principal.name.map { "`\($0)`" } ?? "an anonymous component"
        let what = "\(who) may not \(verb(action)) `\(topic)`"
        if isReadOnly, action != .subscribe {
            return
                "\(unauthorized)\(what): it is read-only. Ask an administrator for `rembus admin read-only NAME --off`."
        }
        guard principal.name != nil else {
            return "\(unauthorized)\(what): the topic is private. Connect with a name that has a grant."
        }
        return principal.isProven
            ? "\(unauthorized)\(what): the topic is private and the name has no grant. Ask an administrator for "
                + "`rembus admin grant NAME TOPIC`."
            : "\(unauthorized)\(what): the topic is private and the name is not proven. Register a key for it, and ask an "
                + "administrator for a grant."
    }

    static func needsAdministrator(_ command: String) -> String {
        "`\(command)` requires administrator rights; this identity has none. Run `rembus admin administrator add NAME` on "
            + "the broker's machine."
    }

    static func unknownLogLevel(_ level: String) -> String {
        "There is no log level `\(level)`. Use one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))."
    }

    static func unknownCommand(_ name: String) -> String {
        "This broker knows no command `\(name)`. Check its name, or use a newer broker."
    }

    static let noKeys = "This broker keeps no keys: it was started without a state directory."

    static func notConnected(_ name: String) -> String {
        "`\(name)` is not connected. Check the name against `rembus admin connections`."
    }

    // MARK: Identity

    static let emptyName = "The component's name is empty. Give a name, or send no Identity to stay anonymous."
    static let identified = "This connection has a name already. Open another connection for another name."
    static let openChallenge = "A challenge waits for its answer. Answer it first."

    static func authenticationRequired(_ name: String) -> String {
        "This broker wants a proof of identity, and `\(name)` has no key here. Register it with `rembus register`."
    }

    static func administratorName(_ name: String) -> String {
        "`\(name)` is an administrator's name, which needs a key. Register one with `rembus register`."
    }

    static func uncheckable(_ name: String) -> String {
        "The key of `\(name)` cannot be checked. The broker's log says why; mend or remove the key there."
    }

    /// The first two words are those of the Python broker, because components recognise them.
    static func alreadyConnected(_ name: String) -> String {
        "already connected: another connection uses the name `\(name)`. End it, or choose another name."
    }

    static func failedProof(_ name: String) -> String {
        "The proof that this is `\(name)` is not right, or too late. Use the key that was registered for the name."
    }

    static let noProof =
        "The challenge for this name was not answered in time, or not rightly. Use the key that was registered for the name."

    // MARK: Registration

    static let noRegistration =
        "This broker takes no registrations. Set `registration` to true, or have an administrator store the key."
    static let tooManyRegistrations =
        "Too many failed registrations from this address (`register_attempts`). Wait a minute, then use the right pin."
    static let unusableKey = "The key is not usable. Send an RSA key of 2048 bits or more, or an ECDSA key on P-256."
    static let busy = "The broker is busy with other identities. Retry later."
    static let unprovenKeyRemoval =
        "Only a component that has proven its name can remove its key. Log in with the key first."
    static let noOwnKey = "There is no key to remove. It was removed before."

    static func unknownTenant(_ tenant: String) -> String {
        "Tenant `\(tenant)` takes no registrations. Add it with `rembus admin tenant add \(tenant)` on the broker's machine."
    }

    static func wrongPin(_ tenant: String) -> String {
        "Tenant `\(tenant)` rejected this pin. Ask its administrator for the current one."
    }

    static func unknownKeyType(_ type: UInt64) -> String {
        "There is no key type \(type). Use 1 for RSA or 2 for ECDSA."
    }

    static func nameTaken(_ name: String) -> String {
        "`\(name)` has a key already. Choose another name, or remove that key with `rembus keys remove \(name)` on the "
            + "broker's machine."
    }

    // MARK: Kinds

    /// Whether the text says that the rules refused an action.
    package static func isRefusal(_ text: String) -> Bool {
        text.hasPrefix(unauthorized) || text.contains(" requires administrator rights")
    }

    /// Whether the text says that a provider did not answer in time.
    package static func isLate(_ text: String) -> Bool { text.contains(" did not answer within ") }

    /// Whether the text says that too much was asked for at once.
    package static func isTooMuch(_ text: String) -> Bool { text.hasPrefix("Too many calls") }
}
