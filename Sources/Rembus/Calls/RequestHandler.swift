/// A handler of calls: it gets encoded arguments and returns an encoded result.
///
/// Programs make one by passing a closure to `expose`.
public struct RequestHandler: Sendable {
    let run: @Sendable (ArgumentList) async throws -> EncodedValue

    init(_ run: @escaping @Sendable (ArgumentList) async throws -> EncodedValue) { self.run = run }
}

/// The text of an error that a handler has thrown, for the caller (status 40).
func describe(_ error: any Error) -> String {
    switch error {
    case is DecodingError, is EncodingError: plainText(error)
    case let error as RembusError: error.message
    default: "\(error)"
    }
}

/// Facts about the call that a method is executing.
public enum IncomingCall {
    /// When the caller stops waiting; nil when it sets no limit. The task of the method is cancelled at that time,
    /// because its result would be dropped.
    @TaskLocal public static var deadline: ContinuousClock.Instant?
}
