/// Reads the arguments of a message one after the other, each as the type that a closure expects.
struct ArgumentReader {
    private let values: [Value]
    private var position = 0

    init(_ values: [Value]) { self.values = values }

    mutating func next<T: Decodable>(_ type: T.Type) throws(RembusError) -> T {
        // The peer may leave an optional argument out, which is read as null.
        let value = position < values.count ? values[position] : .null
        defer { position += 1 }
        return try value.decode(type, what: "Argument \(position + 1)")
    }

    /// Throws unless there are `count` arguments. The last `optional` of them may be missing.
    func expect(_ count: Int, optional: Int) throws(RembusError) {
        guard values.count <= count, values.count >= count - optional else {
            let wanted = count == 1 ? "1 argument is" : "\(count) arguments are"
            throw RembusError(
                .decoding, "\(wanted) expected, but \(values.count) came. Send what the parameters ask for.")
        }
    }
}

extension Value {
    func decode<T: Decodable>(_ type: T.Type, what: @autoclosure () -> String) throws(RembusError) -> T {
        if let same = self as? T { return same }
        do {
            return try CBORDecoder().decode(type, from: self)
        } catch {
            throw RembusError.decoding(error, what(), as: type)
        }
    }
}

/// A parameter type that can stand for a missing argument.
private protocol OptionalParameter {}
extension Optional: OptionalParameter {}

/// The number of parameters, and how many of them at the end are optional.
func trailingOptionals<each T>(_ types: repeat (each T).Type) -> (count: Int, optional: Int) {
    var (count, optional) = (0, 0)
    for type in repeat each types {
        count += 1
        optional = type is any OptionalParameter.Type ? optional + 1 : 0
    }
    return (count, optional)
}
