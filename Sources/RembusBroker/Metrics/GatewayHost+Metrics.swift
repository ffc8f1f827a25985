import NIOCore

extension GatewayHost {
    /// Where work outside of the event loops is done.
    package var background: BackgroundTasks { core.background }

    /// Has every event loop hand what it has counted to swift-metrics: before the metrics are read.
    package func collectMetrics() async {
        guard let reporter = core.reporter else { return }
        for lane in core.allLanes {
            // A loop that has ended has nothing to say any more.
            try? await lane.eventLoop.submit { lane.metrics.report(lane.sessions.values) }.get()
        }
        reporter.report()
        core.storage.reportMetrics()
    }
}
