import RembusStore
import RembusTrust
import RembusWire
import Synchronization

/// A receiver of publications that is not a session of a component: a handler in this process; later a link to another
/// broker, or a node of a cluster.
///
/// A route lists destinations separately, so that deliveries to sessions pay nothing for them. A destination is called
/// on the event loop of the publisher. One that lives elsewhere has to pass the publication on itself.
final class Destination: Sendable {
    /// The kind of receiver.
    enum Kind: Sendable {
        /// A closure. It is called on the event loop of the publisher, so it must be quick. It may keep copies of the
        /// publication only.
        case handler(@Sendable (_ publication: borrowing Publication, _ topic: String) -> Void)
    }

    let id = DestinationID.next()
    /// The tenant that the destination serves. It gets publications of this tenant only, as a component does.
    let tenant: UInt32
    /// The identity whose rights to private topics it has; nil for the broker itself, which may receive all.
    let principal: Principal?
    private let kind: Kind

    init(_ kind: Kind, tenant: UInt32, principal: Principal? = nil) {
        self.kind = kind
        self.tenant = tenant
        self.principal = principal
    }

    /// Passes a publication to the receiver, unless it came from there.
    func deliver(_ publication: borrowing Publication, topic: String) {
        guard publication.record.tenant == tenant, publication.origin?.destination != id else { return }
        switch kind {
        case .handler(let handler): handler(publication, topic)
        }
    }
}

/// Identifies a destination for as long as the process runs.
struct DestinationID: Hashable, Sendable {
    let number: UInt32

    private static let last = Atomic<UInt32>(0)

    static func next() -> DestinationID {
        DestinationID(number: last.wrappingAdd(1, ordering: .relaxed).newValue)
    }
}

/// The source of a publication that was not published at this broker first.
struct Origin: Hashable, Sendable {
    /// The neighbour that sent it, to which it is not sent back.
    let destination: DestinationID
    /// The number of brokers that have passed it on.
    let hops: UInt8
    /// When it was published first, in whole seconds since the epoch, if that was before it was asked for; 0 if not. Small,
    /// since every publication has room for an origin.
    private let pastSecond: UInt32

    /// - Parameter past: When it was published first, nanoseconds since the epoch, if that was before it was asked for.
    init(destination: DestinationID, hops: UInt8, past: UInt64? = nil) {
        (self.destination, self.hops) = (destination, hops)
        pastSecond = past.map { UInt32(clamping: $0 / 1_000_000_000 + 1) } ?? 0
    }

    /// When it was published first, nanoseconds since the epoch and rounded up to a second, if that was before it was asked for: it is
    /// only for those who want the past.
    var past: UInt64? { pastSecond == 0 ? nil : UInt64(pastSecond) * 1_000_000_000 }
}
