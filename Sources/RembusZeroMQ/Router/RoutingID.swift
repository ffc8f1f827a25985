/// The id of a connection in a ROUTER socket: five bytes that libzmq has chosen, or up to 255 that the peer has.
struct RoutingID: Hashable {
    /// Up to seven bytes and their number.
    private let word: UInt64
    private let long: [UInt8]

    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count <= 7 else {
            (word, long) = (UInt64.max, Array(bytes))
            return
        }
        var word = UInt64(bytes.count)
        for byte in bytes { word = word << 8 | UInt64(byte) }
        (self.word, long) = (word, [])
    }
}
