import NIOCore
import RembusStore
import RembusWire

extension PacketLog {
    struct Session {
        var name: String
        var state = PacketState()
    }

    /// What the file comes to when everything that waits is in it, and the runs of changes that lead there.
    struct Content {
        private(set) var sessions: [UInt32: Session] = [:]
        private(set) var numbers: [ExactText: UInt32] = [:]
        private var lastNumber: UInt32 = 0
        /// Changes that are not in the file yet.
        var waiting = ByteBuffer()

        private static let (nameKind, forgetKind): (UInt8, UInt8) = (0, 255)

        /// The state of a session; nil for one that is not known.
        func state(of name: String) -> PacketState? { numbers[ExactText(name)].flatMap { sessions[$0]?.state } }

        /// Forgets what the record of a component says as well.
        mutating func forgetFinished(coveredBy record: ComponentRecord, key: (String) -> UInt64) {
            guard let number = numbers[ExactText(record.name)] else { return }
            sessions[number]?.state.forgetFinished(coveredBy: record, key: key)
        }

        mutating func add(_ changes: [PacketChange], of name: String) {
            let number = number(of: name)
            for change in changes {
                waiting.writeInteger(number)
                change.encode(into: &waiting)
                sessions[number]?.state.apply(change)
            }
        }

        /// False when the session is not known.
        mutating func forget(_ name: String) -> Bool {
            guard let number = numbers.removeValue(forKey: ExactText(name)) else { return false }
            sessions[number] = nil
            waiting.writeMultipleIntegers(number, Self.forgetKind)
            return true
        }

        /// Changes that lead to what is known now.
        mutating func snapshot() -> ByteBuffer {
            var changes = ByteBuffer()
            for (number, session) in sessions where !session.state.isEmpty {
                Self.write(name: session.name, number, to: &changes)
                for change in session.state.changes {
                    changes.writeInteger(number)
                    change.encode(into: &changes)
                }
            }
            // One without a state gets another number when it has one again.
            for (number, session) in sessions where session.state.isEmpty {
                sessions[number] = nil
                numbers[ExactText(session.name)] = nil
            }
            return changes
        }

        /// Makes changes that the file holds.
        mutating func apply(_ changes: ByteBuffer) {
            var changes = changes
            while let (number, kind) = changes.readMultipleIntegers(as: (UInt32, UInt8).self) {
                switch kind {
                case Self.nameKind:
                    guard let length = changes.readInteger(as: UInt32.self),
                        let name = changes.readString(length: Int(length))
                    else { return }
                    if let old = numbers.updateValue(number, forKey: ExactText(name)) { sessions[old] = nil }
                    sessions[number] = Session(name: name)
                    lastNumber = max(lastNumber, number)
                case Self.forgetKind:
                    guard let old = sessions.removeValue(forKey: number) else { continue }
                    numbers[ExactText(old.name)] = nil
                default:
                    guard let change = PacketChange(kind: kind, &changes) else { return }
                    sessions[number]?.state.apply(change)
                }
            }
        }

        private mutating func number(of name: String) -> UInt32 {
            if let known = numbers[ExactText(name)] { return known }
            lastNumber += 1
            numbers[ExactText(name)] = lastNumber
            sessions[lastNumber] = Session(name: name)
            Self.write(name: name, lastNumber, to: &waiting)
            return lastNumber
        }

        private static func write(name: String, _ number: UInt32, to changes: inout ByteBuffer) {
            changes.writeMultipleIntegers(number, nameKind, UInt32(name.utf8.count))
            changes.writeString(name)
        }
    }
}
