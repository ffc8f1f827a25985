import NIOCore

extension GatewayHost {
    /// The tasks outside of the event loops.
    package var background: BackgroundTasks { core.background }

    /// Makes every event loop report its counts to swift-metrics. Call it before the metrics are read.
    package func collectMetrics() async {
        guard let reporter = core.reporter else { return }
        for lane in core.allLanes {
            // A loop that has ended has reported everything.
            try? await lane.eventLoop.submit { lane.metrics.report(lane.sessions.values) }.get()
        }
        reporter.report()
        core.storage.reportMetrics()
    }
}
