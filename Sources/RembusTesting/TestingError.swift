/// What a test expected of a broker and did not get, in a sentence.
public struct TestingError: Error, Sendable, CustomStringConvertible {
    /// The sentence.
    public let description: String

    init(_ description: String) { self.description = description }
}
