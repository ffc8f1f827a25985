import NIOCore
import RembusTesting
import RembusWire

extension InProcessPeer {
    /// What came, as messages; control frames and what is no CBOR left out.
    func receiveMessages() -> [Message] {
        receiveFrames().compactMap { frame in
            frame.opcode == PeerFrame.binary ? try? Message(cbor: ByteBuffer(bytes: frame.payload)) : nil
        }
    }
}

extension Message {
    /// The message in CBOR.
    var bytes: [UInt8] {
        var buffer = ByteBuffer()
        encodeCBOR(into: &buffer)
        return Array(buffer.readableBytesView)
    }
}
