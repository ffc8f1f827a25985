import RembusWire

/// A method that the broker itself answers (behaviour.md §8, rule 4).
enum LocalHandler: Sendable {
    /// Answers at once, on the event loop.
    case immediate(@Sendable ([Value]) -> Value)
    /// Runs as a task; a thrown error becomes status 40 with its text.
    case task(@Sendable ([Value]) async throws -> Value)
    /// A service of the storage, which belongs to a tenant and to the topics that fill its table.
    case service(StorageService)

    /// Whether it exists for components of a tenant.
    func isOffered(to tenant: String) -> Bool {
        guard case .service(let service) = self, let owner = service.tenant else { return true }
        return ExactText(owner) == ExactText(tenant)
    }
}

/// An error of a broker-side handler whose text may go to the caller.
public struct HandlerError: Error, Sendable, CustomStringConvertible {
    /// The text that the caller gets with status 40.
    public var description: String

    /// An error with the text for the caller.
    public init(_ description: String) {
        self.description = description
    }
}
