import RembusWire

/// The option `fresh` of the table services: whether a request sees everything that the broker had accepted before it.
/// The request may then have to wait for the writer.
struct FreshOption {
    /// True by default.
    let isFresh: Bool
    /// The arguments without the option.
    let arguments: [Value]

    /// - Parameter index: The index of the argument with the options.
    init(_ arguments: [Value], at index: Int) throws(LakeError) {
        guard index < arguments.count, case .map(let map) = arguments[index],
            let given = map.pairs.last(where: { $0.key.stringValue == "fresh" })
        else {
            (isFresh, self.arguments) = (true, arguments)
            return
        }
        guard let flag = given.value.boolValue else { throw .refused("fresh", "true or false is expected") }
        var rest = arguments
        rest[index] = .map(ValueMap(pairs: map.pairs.filter { $0.key.stringValue != "fresh" }))
        (isFresh, self.arguments) = (flag, rest)
    }
}
