import Foundation
import Logging
import RembusIdentity
import RembusTrust
import RembusWire

/// The rules of a broker, in its files or in the running broker.
protocol TrustRules {
    /// Makes a change and prints what was done. Notes about unexpected effects go to standard error.
    func make(_ change: TrustChange) async throws

    /// All rules, in the form of the command `trust_config`.
    func all() async throws -> Value
}

/// The rules in the files of a broker on this machine. A running broker notices changes.
struct LocalRules: TrustRules {
    private let folder: URL
    private let store: TrustStore

    /// - Parameter isKept: When false, nothing is read or written.
    init(folder: URL, isKept: Bool) throws(CommandFailure) {
        self.folder = folder
        var logger = Logger(label: "rembus.admin") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        do throws(TrustError) {
            store = try TrustStore(directory: isKept ? folder.path : nil, logger: logger)
        } catch {
            throw CommandFailure(CommandFailure.phrase(error.description))
        }
    }

    func make(_ change: TrustChange) throws {
        let isMade: Bool
        do throws(TrustError) {
            isMade = try store.update { document throws(TrustError) in change.apply(to: &document) }
        } catch {
            throw CommandFailure(CommandFailure.phrase(error.description))
        }
        guard isMade else { throw CommandFailure(change.nothingToTake) }
        try StandardOutput.write("\(change.done)\n")
        if let note = note(on: change, store.document) { StandardError.say(note) }
    }

    /// Records that a component is removed, see ``TrustDocument/remove(_:now:)``.
    func remove(_ name: String) throws {
        do throws(TrustError) {
            try store.update { document throws(TrustError) in document.remove(name) }
        } catch {
            throw CommandFailure(CommandFailure.phrase(error.description))
        }
    }

    func all() -> Value {
        TrustListingText.value(of: store.document)
    }

    /// What else is needed for the change to have an effect; nil when nothing is.
    private func note(on change: TrustChange, _ document: TrustDocument) -> String? {
        switch change {
        case .makePrivate(let topic):
            guard !document.grants.contains(where: { $0.mayConcern(topic) }) else { return nil }
            return "nobody may use \(quoted(topic)) before `rembus admin grant NAME \(topic)`"
        case .grant(let grant):
            guard !document.privateTopics.contains(where: { grant.mayConcern($0) }) else { return nil }
            return "\(quoted(grant.topic)) is public; the grant counts once `rembus admin private` makes it private"
        case .addAdministrator(let name):
            let keys = BrokerKeys(directory: folder.appendingPathComponent("keys").path)
            guard let hasKey = try? keys.contains(name), !hasKey else { return nil }
            return "\(quoted(name)) has no key yet, so nobody can log in as this administrator; see `rembus register`"
        default: return nil
        }
    }
}

extension Grant {
    /// False when the grant certainly does not cover a topic. Two patterns may always have topics in common.
    fileprivate func mayConcern(_ other: String) -> Bool {
        switch (TopicPattern.isPattern(topic), TopicPattern.isPattern(other)) {
        case (false, false): topic == other
        case (true, false): TopicPattern(topic).matches(other)
        case (false, true): TopicPattern(other).matches(topic)
        case (true, true): true
        }
    }
}

/// The rules of a running broker.
struct RemoteRules: TrustRules {
    let broker: RemoteBroker

    func make(_ change: TrustChange) async throws {
        _ = try await broker.perform(change.command)
        try StandardOutput.write("\(change.done)\n")
    }

    func all() async throws -> Value {
        try await broker.perform(AdministrativeCommand("trust_config"))
    }
}
