/// The incomplete messages of one event loop: their bytes, and the links with many of them.
///
/// A message that arrives in pieces takes memory before it is known whether the rest will come. A limit for one message
/// does not limit this for thousands of connections.
struct AssemblyAccount {
    /// The bytes of messages that are not complete yet.
    private(set) var bytes = 0
    /// The links with more than ``remarkableBytes``, so that links with small messages cost only an addition.
    private var large: [ObjectIdentifier: Link] = [:]

    /// The bytes from which a link is recorded by itself.
    static let remarkableBytes = 64 << 10

    /// Records that `link` holds `new` bytes instead of `old`.
    mutating func change(_ link: Link, from old: Int, to new: Int) {
        bytes &+= new &- old
        link.group.memory.change(.incoming, by: new &- old)
        guard (new > Self.remarkableBytes) != (old > Self.remarkableBytes) else { return }
        large[ObjectIdentifier(link)] = new > Self.remarkableBytes ? link : nil
    }

    /// The link with the largest incomplete message; nil when all are small.
    var largest: Link? {
        large.values.max { $0.assembledBytes < $1.assembledBytes }
    }
}
