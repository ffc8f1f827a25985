import NIOCore
import RembusWire

/// A delivery to a pattern subscriber: pattern, real topic and argument bytes are put together, nothing is decoded.
///
/// The same steps as in the broker, whose own type for it is not visible here.
struct Splice {
    private let pattern: [UInt8]

    init(pattern: String) {
        var buffer = ByteBuffer()
        Value.text(pattern).encodeCBOR(into: &buffer)
        self.pattern = Array(buffer.readableBytesView)
    }

    @inline(__always)
    func write(_ header: FrameHeader, of bytes: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        var writer = FrameWriter(target)
        writer.byte(0x83)
        writer.byte(FrameHeader.Kind.publish.rawValue)
        writer.copy(pattern)
        writer.head(major: 4, header.argumentCount + 1)
        writer.head(major: 3, header.topicLength)
        writer.copy(base + header.topicOffset, header.topicLength)
        let skipped = header.argumentHeadLength
        writer.copy(base + header.payloadOffset + skipped, header.payloadLength - skipped)
        return writer.cursor - target
    }
}
