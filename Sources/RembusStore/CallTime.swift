/// How long the caller of the service that this task executes waits for its answer.
package enum CallTime {
    /// nil when the caller does not say: then the setting `request_timeout` counts.
    @TaskLocal package static var limit: Duration?
}
