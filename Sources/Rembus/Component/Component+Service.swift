#if WITH_SERVICES
public import ServiceLifecycle

extension Component: Service {
    /// Keeps the component running until the service group shuts down, and then closes it.
    ///
    /// Throws the reason if the component ends for good before that.
    public func run() async throws {
        for await state in stateUpdates.cancelOnGracefulShutdown() {
            if case .closed(let reason?) = state { throw reason }
        }
        await close()
    }
}
#endif
