import RembusStore
import RembusTrust
import RembusWire
import Synchronization

/// Where publications go that is no session of a component: a handler in this process; later a link to another broker, or a
/// node of a cluster.
///
/// A route has a list of its own for them, so that deliveries to sessions pay nothing for this. They are reached on the event
/// loop of the publisher; one that lives elsewhere brings what it gets there by itself.
final class Destination: Sendable {
    /// What is behind it.
    enum Kind: Sendable {
        /// Called on the event loop of the publisher, so it must be quick. Nothing of the publication may be kept but copies.
        case handler(@Sendable (_ publication: borrowing Publication, _ topic: String) -> Void)
    }

    let id = DestinationID.next()
    /// A destination serves one tenant, as a component does.
    let tenant: UInt32
    /// By whose rights it gets private topics; nil for the broker itself, which may have all.
    let principal: Principal?
    private let kind: Kind

    init(_ kind: Kind, tenant: UInt32, principal: Principal? = nil) {
        self.kind = kind
        self.tenant = tenant
        self.principal = principal
    }

    /// Hands a publication over, unless it has come from there.
    func deliver(_ publication: borrowing Publication, topic: String) {
        guard publication.record.tenant == tenant, publication.origin?.destination != id else { return }
        switch kind {
        case .handler(let handler): handler(publication, topic)
        }
    }
}

/// Names a destination for as long as the process lives.
struct DestinationID: Hashable, Sendable {
    private let number: UInt32

    private static let last = Atomic<UInt32>(0)

    static func next() -> DestinationID {
        DestinationID(number: last.wrappingAdd(1, ordering: .relaxed).newValue)
    }
}

/// Where a publication has come from that was not published here first.
struct Origin: Hashable, Sendable {
    /// The neighbour that it came from, which does not get it again.
    let destination: DestinationID
    /// How many brokers have passed it on.
    let hops: UInt8
    /// Whether it was published before somebody asked for the past, and is only for those who did.
    var isPast = false
}
