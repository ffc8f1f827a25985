/// Why there is no connection.
struct DialFailure: Error, CustomStringConvertible {
    let description: String
}
