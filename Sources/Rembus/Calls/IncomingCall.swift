/// What a method knows about the call that it executes.
public enum IncomingCall {
    /// When the caller stops waiting; nil when it does not say. The method's task is cancelled then, since nobody hears its
    /// result.
    @TaskLocal public static var deadline: ContinuousClock.Instant?
}
