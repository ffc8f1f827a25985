import RembusWire

/// The requests of one connection that the storage's tables are answering, so that they can be cancelled when the caller
/// is gone. Only on the connection's event loop.
struct TableCalls {
    private var calls: [UInt64: (id: MessageID, task: Task<Void, Never>)] = [:]
    private var nextNumber: UInt64 = 0

    /// A number for a call that begins.
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

    /// Cancels all of them.
    func cancelAll() {
        for call in calls.values { call.task.cancel() }
    }
}
