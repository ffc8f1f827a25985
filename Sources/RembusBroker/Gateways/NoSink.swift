import RembusTransport

/// A sink that discards everything, for a link without a reader.
final class NoSink: LinkSink {
    func link(_ link: Link, sends message: UnsafeRawBufferPointer) {}
    func linkFlushes(_ link: Link) {}
    func link(_ link: Link, reads isReading: Bool) {}
    func link(_ link: Link, closes reason: LinkCloseReason) {}
}
