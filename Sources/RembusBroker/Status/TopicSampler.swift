import NIOCore
import RembusWire

/// What one lane knows of topics for a status: how fast publications come, and a recent one of each.
///
/// Only while somebody asks for statuses. Nothing is done per publication: once a second the routes forget where they
/// are counted, and the next publication along each, which finds that out again, is the sample. On the lane's event loop only.
final class TopicSampler {
    /// Whether somebody has asked for a status lately.
    private(set) var isWanted = false
    private var until = NIODeadline.uptimeNanoseconds(0)
    private var lastLook = NIODeadline.uptimeNanoseconds(0)
    /// Those that were counted along since the last look.
    private var routes: [Route] = []
    private var keptCount = 0

    private static let interval = TimeAmount.seconds(1)
    /// How long sampling goes on when nobody asks again.
    private static let patience = TimeAmount.minutes(1)
    private static let maxRoutes = 1 << 16
    /// How many publications are kept, of what size.
    private static let maxKept = 1000
    private static let maxBytes = 1024

    /// A publication of a topic.
    struct Sample {
        var frame: [UInt8]
        var receivedAt: UInt64
    }

    /// Begins, or goes on for longer; true when it has just begun, so that routes have to look again where they are counted.
    func want(now: NIODeadline) -> Bool {
        until = now + Self.patience
        guard !isWanted else { return false }
        isWanted = true
        lastLook = now
        return true
    }

    /// Called by the lane's timer.
    func tick(now: NIODeadline, _ counts: some Sequence<TopicCount>) {
        guard isWanted, now >= lastLook + Self.interval else { return }
        let seconds = Double((now - lastLook).nanoseconds) / 1e9
        lastLook = now
        isWanted = now < until
        for count in counts { count.look(after: isWanted ? seconds : nil) }
        if isWanted {
            for route in routes { route.published = nil }
        } else {
            keptCount = 0
        }
        routes.removeAll(keepingCapacity: isWanted)
    }

    /// Takes a publication, the first one along its route since the last look.
    func take(_ bytes: Slice<UnsafeRawBufferPointer>, receivedAt: UInt64, along route: Route, of count: TopicCount) {
        if routes.count < Self.maxRoutes { routes.append(route) }
        guard bytes.count <= Self.maxBytes else {
            if count.sample != nil { keptCount -= 1 }
            return count.sample = nil
        }
        if count.sample == nil {
            guard keptCount < Self.maxKept else { return }
            keptCount += 1
        }
        count.sample = Sample(frame: Array(bytes), receivedAt: receivedAt)
    }
}

extension TopicSampler.Sample {
    /// The arguments as JSON; nil for what is no publication.
    var argumentsAsJSON: String? {
        guard case .publish(let publish)? = try? Message(cbor: ByteBuffer(bytes: frame)) else { return nil }
        return Value.array(publish.arguments).jsonText
    }
}
