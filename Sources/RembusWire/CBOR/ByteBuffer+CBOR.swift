package import NIOCore

/// Writes the parts of CBOR items in the forms that protocol.md §2 asks senders to use.
extension ByteBuffer {
    /// Writes the shortest head for an argument.
    package mutating func writeCBORHead(_ major: CBORMajor, _ argument: UInt64) {
        let high = major.rawValue << 5
        switch argument {
        case 0..<24: writeInteger(high | UInt8(truncatingIfNeeded: argument))
        case 24...0xFF: writeMultipleIntegers(high | 24, UInt8(truncatingIfNeeded: argument))
        case 0x100...0xFFFF: writeMultipleIntegers(high | 25, UInt16(truncatingIfNeeded: argument))
        case 0x1_0000...0xFFFF_FFFF: writeMultipleIntegers(high | 26, UInt32(truncatingIfNeeded: argument))
        default: writeMultipleIntegers(high | 27, argument)
        }
    }

    package mutating func writeCBORText(_ text: String) {
        writeCBORHead(.text, UInt64(text.utf8.count))
        writeString(text)
    }

    package mutating func writeCBORBytes(_ bytes: ByteBuffer) {
        writeCBORHead(.bytes, UInt64(bytes.readableBytes))
        writeImmutableBuffer(bytes)
    }

    package mutating func writeCBORNull() {
        writeInteger(0xF6 as UInt8)
    }

    /// Writes finite floats with 64 bits, and infinities and NaN with 16, as the Python reference does.
    package mutating func writeCBORFloat(_ value: Double) {
        if value.isFinite {
            writeMultipleIntegers(0xFB as UInt8, value.bitPattern)
        } else {
            let half: UInt16 = value.isNaN ? 0x7E00 : value < 0 ? 0xFC00 : 0x7C00
            writeMultipleIntegers(0xF9 as UInt8, half)
        }
    }

    /// Writes the bytes of a message id.
    package mutating func writeCBORID(_ id: MessageID) {
        writeCBORHead(.bytes, UInt64(id.count))
        if let word = id.littleEndianValue {
            writeInteger(word, endianness: .little)
        } else {
            id.withUnsafeBytes { _ = writeBytes($0) }
        }
    }

    /// Writes an array of values, such as the arguments of a message.
    package mutating func writeCBORArray(_ elements: [Value]) {
        writeCBORHead(.array, UInt64(elements.count))
        for element in elements { element.encodeCBOR(into: &self) }
    }
}
