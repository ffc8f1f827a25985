/// How long the caller of the service that the current task executes waits for an answer.
package enum CallTime {
    /// The caller's limit; nil when the caller states none. The setting `request_timeout` counts then.
    @TaskLocal package static var limit: Duration?
}
