import NIOCore

/// Elements that wait until they are on the disk, in the order in which they came. An element leaves when it is
/// confirmed and all elements before it have left.
///
/// Confirmations come from another thread. So a later element may be found durable at once while the confirmation of an
/// earlier one is still on its way; the later one must not overtake it.
struct ConfirmationQueue<Element> {
    private var entries = CircularBuffer<(element: Element, isConfirmed: Bool)>()
    /// The number of the oldest element.
    private var firstNumber: UInt64 = 0

    /// Adds an element. Returns its number, for ``confirm(_:)``.
    mutating func add(_ element: Element) -> UInt64 {
        entries.append((element, false))
        return firstNumber + UInt64(entries.count) - 1
    }

    /// Records that an element is durable. Returns all elements that leave now, oldest first.
    mutating func confirm(_ number: UInt64) -> [Element] {
        guard number >= firstNumber, number - firstNumber < UInt64(entries.count) else { return [] }
        entries[offset: Int(number - firstNumber)].isConfirmed = true
        var leaving: [Element] = []
        while let first = entries.first, first.isConfirmed {
            leaving.append(entries.removeFirst().element)
            firstNumber += 1
        }
        return leaving
    }
}

extension CircularBuffer {
    fileprivate subscript(offset offset: Int) -> Element {
        get { self[index(startIndex, offsetBy: offset)] }
        set { self[index(startIndex, offsetBy: offset)] = newValue }
    }
}
