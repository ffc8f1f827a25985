import RembusWire

extension FrameHeader {
    /// Where the topic of a publication begins, with its own head.
    var topicItemOffset: Int {
        guard idLength == 0 else { return idOffset + idLength }
        return 1 + FrameWriter.headLength(Int(Kind.publish.rawValue | flags.rawValue))
    }
}
