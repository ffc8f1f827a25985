/// A text as a dictionary key that is compared by bytes.
///
/// Swift's strings are equal when they look the same (canonical equivalence). For all other peers, and for file
/// systems, `é` in one code point and in two are different. So one name must not be taken for another that looks the
/// same.
package struct ExactText: Hashable, Sendable, Comparable {
    package let text: Substring

    package init(_ text: some StringProtocol) {
        self.text = Substring(text)
    }

    package var string: String { String(text) }

    package static func == (left: ExactText, right: ExactText) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    package static func < (left: ExactText, right: ExactText) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        let hashed: Void? = text.utf8.withContiguousStorageIfAvailable {
            hasher.combine(bytes: UnsafeRawBufferPointer($0))
        }
        if hashed == nil {
            for byte in text.utf8 { hasher.combine(byte) }
        }
    }
}
