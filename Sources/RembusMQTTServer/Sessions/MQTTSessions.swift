import NIOCore
import RembusMQTT
import RembusStore
import RembusWire
import Synchronization

/// The persistent sessions of clients, by the name of their component.
final class MQTTSessions: Sendable {
    /// A session while its client is not connected.
    private struct Absent {
        var session: MQTTSession
        /// When it ends, in nanoseconds of the wall clock; the largest number means never.
        var endsAt: UInt64
        var will: (publication: Will, dueAt: UInt64)?
    }

    private enum Entry {
        /// A connection uses the session.
        case taken(by: ObjectIdentifier)
        case absent(Absent)
    }

    private struct Content {
        var entries: [ExactText: Entry] = [:]
        var table: KeptTable?
        var packets: PacketLog?
        /// The time before which no session ends and no will is due.
        var nextDue = UInt64.max
    }

    /// The outcome of looking for a session.
    enum Found {
        case none
        case session(MQTTSession, will: Will?)
        /// An earlier connection has not given the session back yet.
        case busy
    }

    private let content = Mutex(Content())

    /// Gives the session of a name to a connection, with a will that is not to be published any more.
    func take(_ name: String, for owner: ObjectIdentifier, now: UInt64) -> Found {
        content.withLock { content in
            let key = ExactText(name)
            switch content.entries[key] {
            case .taken(let other) where other != owner: return .busy
            case .absent(let absent):
                content.entries[key] = .taken(by: owner)
                if absent.endsAt <= now { return .none }
                return .session(absent.session, will: absent.will?.publication)
            default:
                content.entries[key] = .taken(by: owner)
                return .none
            }
        }
    }

    /// Saves a session that is in use.
    func save(_ name: String, _ session: MQTTSession) {
        content.withLock { content in
            content.table?.set(Array(name.utf8), session.expiry == 0 ? nil : session.encode(endsAt: 0))
            if session.expiry == 0 { content.packets?.forget(name) }
        }
    }

    /// Called when the connection has ended. The session goes on without one, or ends if it does not outlive its
    /// connection.
    func leave(_ name: String, _ session: MQTTSession, by owner: ObjectIdentifier, will: Will?, now: UInt64) {
        content.withLock { content in
            let key = ExactText(name)
            guard case .taken(let holder) = content.entries[key], holder == owner else { return }
            guard session.expiry > 0 else {
                content.entries[key] = nil
                content.table?.set(Array(name.utf8), nil)
                content.packets?.forget(name)
                return
            }
            let endsAt =
                session.expiry == .max ? UInt64.max : now + UInt64(session.expiry) * 1_000_000_000
            let dueAt = will.map { min(endsAt, now + UInt64($0.delay) * 1_000_000_000) }
            content.entries[key] = .absent(
                Absent(session: session, endsAt: endsAt, will: will.map { ($0, dueAt ?? now) }))
            content.nextDue = min(content.nextDue, endsAt, dueAt ?? .max)
            content.table?.set(Array(name.utf8), session.encode(endsAt: endsAt))
        }
    }

    /// The sessions that have ended by now, and the wills that are due.
    func due(_ now: UInt64) -> (ended: [String], wills: [Will]) {
        content.withLock { content in
            guard content.nextDue <= now else { return ([], []) }
            var (ended, wills): ([String], [Will]) = ([], [])
            content.nextDue = .max
            for (key, entry) in content.entries {
                guard case .absent(var absent) = entry else { continue }
                if let will = absent.will, will.dueAt <= now {
                    wills.append(will.publication)
                    absent.will = nil
                    content.entries[key] = .absent(absent)
                }
                if absent.endsAt <= now {
                    ended.append(key.string)
                    content.entries[key] = nil
                    content.table?.set(Array(key.text.utf8), nil)
                    content.packets?.forget(key.string)
                } else {
                    content.nextDue = min(content.nextDue, absent.endsAt, absent.will?.dueAt ?? .max)
                }
            }
            return (ended, wills)
        }
    }

    /// Deletes a session whose client is not connected, and its will.
    func forget(_ name: String) {
        content.withLock { content in
            let key = ExactText(name)
            guard case .absent = content.entries[key] else { return }
            content.entries[key] = nil
            content.table?.set(Array(name.utf8), nil)
            content.packets?.forget(name)
        }
    }

    /// The sessions whose clients are not connected, with the bytes that they take.
    var sizes: [(name: String, bytes: Int)] {
        content.withLock { content in
            content.entries.compactMap { key, entry in
                guard case .absent(let absent) = entry else { return nil }
                return (key.string, absent.session.byteCount)
            }
        }
    }

    // MARK: File

    /// Loads the sessions of a file and keeps the file up to date from now on. Clients that were connected when the
    /// broker ended count as disconnected since now.
    func use(now: UInt64, _ open: (_ each: ([UInt8], ByteBuffer) -> Void) throws -> KeptTable) rethrows {
        try content.withLock { content in
            content.table = try open { key, value in
                guard let (session, endsAt) = MQTTSession.decode(value) else { return }
                let end =
                    endsAt != 0
                    ? endsAt : session.expiry == .max ? .max : now + UInt64(session.expiry) * 1_000_000_000
                content.entries[ExactText(String(decoding: key, as: UTF8.self))] = .absent(
                    Absent(session: session, endsAt: end))
                content.nextDue = min(content.nextDue, end)
            }
        }
    }

    /// Whether sessions cannot be saved now.
    var isFailing: Bool {
        content.withLock { $0.table?.isFailing == true || $0.packets?.isFailing == true }
    }

    /// Restores each session's exchanges at QoS 2. The log forgets those of sessions that do not exist.
    func use(_ packets: PacketLog, _ restore: (_ name: String, _ session: inout MQTTSession, PacketState) -> Void) {
        content.withLock { content in
            content.packets = packets
            for (name, state) in packets.states {
                guard case .absent(var absent) = content.entries[ExactText(name)] else {
                    packets.forget(name)
                    continue
                }
                restore(name, &absent.session, state)
                content.entries[ExactText(name)] = .absent(absent)
            }
        }
    }

    /// Calls `done`, not on an event loop, when all sessions saved so far are durable. Returns false, without calling
    /// it, when they are already.
    func whenSaved(_ done: @escaping @Sendable () -> Void) -> Bool {
        content.withLock({ $0.table })?.whenSaved(done) ?? false
    }

    /// Writes everything and closes the file.
    func close() async {
        await content.withLock({ $0.table })?.close()
    }
}

extension MQTTSession {
    /// The saved form: the expiry, the end (0 while the client is connected) and the filters.
    func encode(endsAt: UInt64) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(expiry)
        buffer.writeInteger(endsAt)
        for (filter, interest) in interests {
            buffer.writeInteger(UInt64(interest.tag))
            buffer.writeInteger(interest.noLocal ? 1 : 0, as: UInt8.self)
            buffer.writeInteger(UInt16(filter.utf8.count))
            buffer.writeString(filter)
        }
        return buffer
    }

    static func decode(_ value: ByteBuffer) -> (MQTTSession, endsAt: UInt64)? {
        var value = value
        var session = MQTTSession()
        guard let expiry = value.readInteger(as: UInt32.self), let endsAt = value.readInteger(as: UInt64.self) else {
            return nil
        }
        session.expiry = expiry
        while value.readableBytes > 0 {
            guard let tag = value.readInteger(as: UInt64.self), let noLocal = value.readInteger(as: UInt8.self),
                let length = value.readInteger(as: UInt16.self), let filter = value.readString(length: Int(length)),
                let interest = Interest(tag: Int(truncatingIfNeeded: tag), noLocal: noLocal != 0)
            else { return nil }
            session.interests[filter] = interest
        }
        return (session, endsAt)
    }
}
