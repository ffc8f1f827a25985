extension JournalPartition {
    enum Wake {
        case no, soon, now
    }

    /// Unwritten bytes at which the writer stops waiting for more.
    static let urgentBytes: UInt64 = 1 << 20
}

extension JournalPartition.State {
    /// Adds a record, unless that would cost one that is not durable yet.
    @inline(__always)
    mutating func append(
        _ header: RecordHeader, message: UnsafeRawBufferPointer, isAcknowledged: Bool
    ) -> (outcome: AppendOutcome, wake: JournalPartition.Wake) {
        let floor = durableEnd
        let held = Int(log.endOffset - floor)
        // Publishers of what must not be dropped are held when half is used, so what is on its way from them still finds
        // room, beyond the limit if need be. While the disk fails nothing frees memory: then the limit is the limit.
        let mayExceed = isAcknowledged && !isFailing
        let room = mayExceed ? memoryLimit * 4 : isAcknowledged ? memoryLimit : memoryLimit / 4 * 3
        guard !isClosed, held < room, message.count < RecordFormat.unrecorded,
            log.append(header, message: message, floor: floor, mayExceed: mayExceed)
        else {
            if isFailing { counters.shedByFailure += 1 } else { counters.shedByPressure += 1 }
            return (.refused, .now)
        }
        let end = log.endOffset
        if header.isRecorded {
            recordedEnd = end
            recordedTime = header.receivedAt
        }
        lastReceivedAt = header.receivedAt
        counters.appendedRecords += 1
        counters.appendedBytes += UInt64(RecordFormat.length(of: message.count))
        var wake = JournalPartition.Wake.no
        if !isUrgent, end - writtenEnd >= JournalPartition.urgentBytes {
            isUrgent = true
            isAnnounced = true
            wake = .now
        } else if !isAnnounced {
            isAnnounced = true
            wake = .soon
        }
        return (isAcknowledged && held > memoryLimit / 2 ? .pressed : .stored, wake)
    }

    /// Has `done` called when everything recorded so far is durable; true when it is.
    mutating func commit(_ done: @escaping @Sendable () -> Void) -> (isDurable: Bool, wake: JournalPartition.Wake) {
        guard recordedEnd > durableEnd else { return (true, .no) }
        guard !isClosed else { return (false, .no) }
        waiters.append(JournalPartition.Waiter(target: recordedEnd, done: done))
        guard !isUrgent else { return (false, .no) }
        isUrgent = true
        isAnnounced = true
        return (false, .now)
    }

    /// Takes out the commits that are done.
    mutating func takeDone() -> [JournalPartition.Waiter] {
        let end = durableEnd
        let count = waiters.partitioningIndex { $0.target > end }
        guard count > 0 else { return [] }
        let done = Array(waiters[..<count])
        waiters.removeFirst(count)
        return done
    }
}
