import NIOCore

/// Finds parts of a text that is known to be valid JSON.
struct JSONPartFinder {
    let bytes: [UInt8]
    var position = 0

    mutating func find(_ steps: ArraySlice<JSONText.Step>) -> Int? {
        skipSpace()
        guard let step = steps.first else { return position }
        switch step {
        case .key(let name): return findMember(name, steps.dropFirst())
        case .element(let index): return findElement(index, steps.dropFirst())
        }
    }

    private mutating func findMember(_ name: String, _ rest: ArraySlice<JSONText.Step>) -> Int? {
        guard next == UInt8(ascii: "{") else { return nil }
        position += 1
        var found: Int?
        while let byte = nextAfterSpace, byte != UInt8(ascii: "}") {
            let start = position
            guard skipString() else { return found }
            let isWanted = text(start..<position) == name
            guard nextAfterSpace == UInt8(ascii: ":") else { return found }
            position += 1
            skipSpace()
            if isWanted {
                var inner = self
                found = rest.isEmpty ? start : inner.find(rest)
            }
            guard skipValue() else { return found }
            if nextAfterSpace == UInt8(ascii: ",") { position += 1 }
        }
        return found
    }

    /// The first key that occurs twice in its object, and its position.
    mutating func findRepeatedKey() -> (name: String, offset: Int)? {
        // The open containers: the keys of an object, or nil for an array.
        var open: [Set<String>?] = []
        var isKeyNext = false
        while let byte = nextAfterSpace {
            let start = position
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                isKeyNext = byte == UInt8(ascii: "{")
                open.append(isKeyNext ? [] : nil)
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                open.removeLast()
                isKeyNext = false
                position += 1
            case UInt8(ascii: ","):
                isKeyNext = open.last.map { $0 != nil } ?? false
                position += 1
            case UInt8(ascii: ":"): position += 1
            case UInt8(ascii: "\""):
                guard skipString() else { return nil }
                guard isKeyNext, let name = text(start..<position) else { continue }
                isKeyNext = false
                guard open[open.count - 1]?.insert(name).inserted == true else { return (name, start) }
            default: skipWord()
            }
        }
        return nil
    }

    private mutating func findElement(_ index: Int, _ rest: ArraySlice<JSONText.Step>) -> Int? {
        guard next == UInt8(ascii: "[") else { return nil }
        position += 1
        var count = 0
        while let byte = nextAfterSpace, byte != UInt8(ascii: "]") {
            if count == index { return find(rest) }
            count += 1
            guard skipValue() else { return nil }
            if nextAfterSpace == UInt8(ascii: ",") { position += 1 }
        }
        return nil
    }

    // MARK: - Steps over the text

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private var nextAfterSpace: UInt8? {
        mutating get {
            skipSpace()
            return next
        }
    }

    private mutating func skipSpace() {
        while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
    }

    private mutating func skipString() -> Bool {
        guard next == UInt8(ascii: "\"") else { return false }
        position += 1
        while let byte = next {
            position += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "\"") { return true }
        }
        return false
    }

    /// Skips one value. It is enough to count brackets, since the text is known to be valid.
    private mutating func skipValue() -> Bool {
        var depth = 0
        repeat {
            guard let byte = nextAfterSpace else { return false }
            switch byte {
            case UInt8(ascii: "\""): guard skipString() else { return false }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                position += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"): position += 1
            default: skipWord()
            }
        } while depth > 0
        return true
    }

    /// Skips a number, `true`, `false` or `null`.
    private mutating func skipWord() {
        let ends = Array(" \t\n\r,:]}".utf8)
        while let byte = next, !ends.contains(byte) { position += 1 }
    }

    private func text(_ range: Range<Int>) -> String? {
        try? Value(json: ByteBuffer(bytes: bytes[range])).stringValue
    }
}
