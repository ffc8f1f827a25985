import NIOCore
import RembusWire

/// Samples topics for the status of one lane: the rate of publications, and a recent publication of each topic.
///
/// Active only while a program asks for the status. Publications themselves cost nothing more: once a second the routes
/// forget their counter, and the next publication along each route, which looks the counter up again, is the sample.
/// Used on the lane's event loop only.
final class TopicSampler {
    /// Whether a status was asked for lately.
    private(set) var isWanted = false
    private var until = NIODeadline.uptimeNanoseconds(0)
    private var lastLook = NIODeadline.uptimeNanoseconds(0)
    /// The routes that have looked up their counter since the last second.
    private var routes: [Route] = []
    private var keptCount = 0

    private static let interval = TimeAmount.seconds(1)
    /// How long sampling continues after the last request.
    private static let duration = TimeAmount.minutes(1)
    private static let maxRoutes = 1 << 16
    /// The most publications that are kept, and their largest size in bytes.
    private static let maxKept = 1000
    private static let maxBytes = 1024

    /// A publication of a topic.
    struct Sample {
        var frame: [UInt8]
        var receivedAt: UInt64
    }

    /// Starts sampling, or prolongs it. Returns true when it has just started, so that routes have to look up their
    /// counters again.
    func want(now: NIODeadline) -> Bool {
        until = now + Self.duration
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

    /// Keeps a publication, the first one along its route in this second.
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
    /// The arguments as JSON; nil when the frame is not a publication.
    var argumentsAsJSON: String? {
        guard case .publish(let publish)? = try? Message(cbor: ByteBuffer(bytes: frame)) else { return nil }
        return Value.array(publish.arguments).jsonText
    }
}
