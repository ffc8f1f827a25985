import RembusWire

/// A method that the broker itself answers (behaviour.md §8, rule 4).
enum LocalHandler: Sendable {
    /// A handler that answers at once, on the event loop.
    case immediate(@Sendable ([Value]) -> Value)
    /// A handler that runs as a task. A thrown error becomes status 40 with the error's text.
    case task(@Sendable ([Value]) async throws -> Value)
    /// A service of the storage. It belongs to a tenant, and to the topics that fill its table.
    case service(StorageService)

    /// Whether components of a tenant can see and call the method.
    func isOffered(to tenant: String) -> Bool {
        guard case .service(let service) = self, let owner = service.tenant else { return true }
        return ExactText(owner) == ExactText(tenant)
    }
}

/// An error of a handler in this process, whose text is safe to show to the caller.
public struct HandlerError: Error, Sendable, CustomStringConvertible {
    /// The text that the caller gets with status 40.
    public var description: String

    /// An error with the text for the caller.
    public init(_ description: String) {
        self.description = description
    }
}
