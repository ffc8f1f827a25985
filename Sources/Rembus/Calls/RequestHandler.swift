/// What answers a method: encoded arguments in, encoded result out.
///
/// You make one by giving a closure to `expose`.
public struct RequestHandler: Sendable {
    let run: @Sendable (ArgumentList) async throws -> EncodedValue

    init(_ run: @escaping @Sendable (ArgumentList) async throws -> EncodedValue) { self.run = run }
}

/// The text that a caller gets for what a handler threw (status 40).
func describe(_ error: any Error) -> String {
    switch error {
    case is DecodingError, is EncodingError: plainText(error)
    case let error as RembusError: error.message
    default: "\(error)"
    }
}
