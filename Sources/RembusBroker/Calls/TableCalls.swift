import RembusWire

/// The table queries of one connection that are running, so that they can be cancelled when the caller is gone. Used on
/// the connection's event loop only.
struct TableCalls {
    private var calls: [UInt64: (id: MessageID, task: Task<Void, Never>)] = [:]
    private var nextNumber: UInt64 = 0

    /// Returns a number for a new query.
    mutating func makeNumber() -> UInt64 {
        nextNumber &+= 1
        return nextNumber
    }

    mutating func began(_ number: UInt64, _ id: MessageID, _ task: Task<Void, Never>) {
        calls[number] = (id, task)
    }

    mutating func ended(_ number: UInt64) {
        calls[number] = nil
    }

    /// Cancels the calls with this id.
    func cancel(_ id: MessageID) {
        for call in calls.values where call.id == id { call.task.cancel() }
    }

    /// Cancels all queries.
    func cancelAll() {
        for call in calls.values { call.task.cancel() }
    }
}
