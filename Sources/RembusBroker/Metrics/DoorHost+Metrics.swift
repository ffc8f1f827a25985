extension DoorHost {
    /// Has every event loop hand what it has counted to swift-metrics: before the metrics are read.
    package func collectMetrics() async {}
}
