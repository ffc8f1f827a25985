/// An expectation of a test that the broker did not meet, in a sentence.
public struct TestingError: Error, Sendable, CustomStringConvertible {
    /// The sentence.
    public let description: String

    init(_ description: String) { self.description = description }
}
