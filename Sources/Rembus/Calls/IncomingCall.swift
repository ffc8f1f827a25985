/// Facts about the call that a method is executing.
public enum IncomingCall {
    /// When the caller stops waiting; nil when it sets no limit. The task of the method is cancelled at that time,
    /// because its result would be dropped.
    @TaskLocal public static var deadline: ContinuousClock.Instant?
}
