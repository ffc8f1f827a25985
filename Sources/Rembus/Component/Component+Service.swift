#if WITH_SERVICES
public import ServiceLifecycle

extension Component: Service {
    /// Keeps the component alive until the service group shuts down, then closes it.
    ///
    /// Throws the reason when the broker ends the component for good before that.
    public func run() async throws {
        for await state in stateUpdates.cancelOnGracefulShutdown() {
            if case .closed(let reason?) = state { throw reason }
        }
        await close()
    }
}
#endif
