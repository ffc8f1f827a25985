import RembusTransport

/// Messages and bytes that the connections of one transport have sent to and received from one lane.
///
/// Plain integers at a fixed place in memory, so that counting a message takes two additions. Used on the lane's event
/// loop only.
struct TrafficCount {
    /// For each class of messages: messages and bytes received, messages and bytes sent.
    private let numbers: UnsafeMutablePointer<UInt64>
    private static let classes = MessageClass.allCases.count

    /// The figures, in the order in memory.
    enum Figure: Int, CaseIterable {
        case receivedMessages, receivedBytes, sentMessages, sentBytes
    }

    init() {
        numbers = .allocate(capacity: Figure.allCases.count * Self.classes)
        numbers.initialize(repeating: 0, count: Figure.allCases.count * Self.classes)
    }

    func deallocate() { numbers.deallocate() }

    @inline(__always)
    func received(_ kind: MessageClass, bytes: Int) {
        let number = numbers + 4 &* kind.rawValue
        number[0] &+= 1
        number[1] &+= UInt64(truncatingIfNeeded: bytes)
    }

    @inline(__always)
    func sent(_ kind: MessageClass, bytes: Int) {
        let number = numbers + 4 &* kind.rawValue
        number[2] &+= 1
        number[3] &+= UInt64(truncatingIfNeeded: bytes)
    }

    /// Returns a figure and sets it to zero.
    func take(_ figure: Figure, _ kind: MessageClass) -> UInt64 {
        let number = numbers + Figure.allCases.count * kind.rawValue + figure.rawValue
        defer { number.pointee = 0 }
        return number.pointee
    }
}
