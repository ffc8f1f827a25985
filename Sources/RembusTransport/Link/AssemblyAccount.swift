/// The unfinished messages of one event loop: what they hold together, and which links hold much of it.
///
/// A message that arrives in pieces takes memory before anybody knows whether the rest will ever come, and a limit for
/// one message does not bound that for thousands of connections.
struct AssemblyAccount {
    /// Bytes that arrived of messages that are not whole yet.
    private(set) var bytes = 0
    /// The links with more than ``remarkableBytes``, so that keeping book costs links with small messages an addition.
    private var large: [ObjectIdentifier: Link] = [:]

    /// What a link may hold before it is remembered by name.
    static let remarkableBytes = 64 << 10

    /// Notes that `link` holds `new` bytes instead of `old`.
    mutating func change(_ link: Link, from old: Int, to new: Int) {
        bytes &+= new &- old
        link.group.memory.change(.incoming, by: new &- old)
        guard (new > Self.remarkableBytes) != (old > Self.remarkableBytes) else { return }
        large[ObjectIdentifier(link)] = new > Self.remarkableBytes ? link : nil
    }

    /// The link whose unfinished message is largest; nil when all are small.
    var largest: Link? {
        large.values.max { $0.assembledBytes < $1.assembledBytes }
    }
}
