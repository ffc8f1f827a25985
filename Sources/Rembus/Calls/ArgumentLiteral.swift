import RembusWire

/// An argument that is written as a literal with variables in it: `["temperature": t, "unit": "°C", "note": nil]`.
///
/// Programs never name this type. `publish`, `call` and similar methods prefer it to ``Value``, whose literals cannot
/// contain variables. A literal may contain anything `Encodable`: numbers, texts, `Bool`, `Date`, `Data`, optional
/// variables, nil, and other literals. The elements of a nested literal have one type, as everywhere in Swift; so `[1,
/// 2.5]` inside of a literal are two floats, unless it is written `as Value`. A nested literal that mixes types *and*
/// contains variables needs a conversion: `["position": ["x": Value(x), "unit": "m"]]`.
public struct ArgumentLiteral {
    private enum Content {
        case value(RembusWire.Value)
        case array([(any Encodable)?])
        case map([(String, (any Encodable)?)])
    }

    private let content: Content

    /// The value of the literal. Throws ``RembusError/Code/encoding`` when an element cannot be encoded.
    func value() throws(RembusError) -> RembusWire.Value {
        switch content {
        case .value(let value): return value
        case .array(let elements):
            var values: [RembusWire.Value] = []
            for element in elements { values.append(try Self.value(of: element)) }
            return .array(values)
        case .map(let elements):
            var pairs: [(String, RembusWire.Value)] = []
            for (key, element) in elements { pairs.append((key, try Self.value(of: element))) }
            return .map(ValueMap(uniqueKeysWithValues: pairs))
        }
    }

    private static func value(of element: (any Encodable)?) throws(RembusError) -> RembusWire.Value {
        guard let element else { return .null }
        return try RembusWire.Value(encoding: element)
    }
}

extension ArgumentLiteral: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByNilLiteral {
    /// A map with the pairs in the order of the literal.
    public init(dictionaryLiteral elements: (String, (any Encodable)?)...) { content = .map(elements) }

    /// An array.
    public init(arrayLiteral elements: (any Encodable)?...) { content = .array(elements) }

    /// Null.
    public init(nilLiteral: ()) { content = .value(.null) }
}

extension ArgumentLiteral: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral
{
    /// A text.
    public init(stringLiteral value: String) { content = .value(.text(value)) }

    /// An integer.
    public init(integerLiteral value: Int64) { content = .value(.integer(value)) }

    /// A float.
    public init(floatLiteral value: Double) { content = .value(.float(value)) }

    /// A truth value.
    public init(booleanLiteral value: Bool) { content = .value(.bool(value)) }
}

extension ArgumentList {
    init(_ literals: [ArgumentLiteral], encoding: MessageEncoding) throws(RembusError) {
        self.init(encoding)
        for literal in literals { append(try literal.value()) }
    }

    /// Arguments of any types, in order.
    init<each Argument: Encodable>(
        encoding: MessageEncoding, _ arguments: repeat each Argument, then literals: [ArgumentLiteral] = []
    ) throws(RembusError) {
        self.init(encoding)
        for argument in repeat each arguments { append(try Value(encoding: argument)) }
        for literal in literals { append(try literal.value()) }
    }
}

extension Value {
    /// The value of anything `Encodable`: a number, a text, an array, a structure, a `DataFrame`.
    ///
    /// Throws ``RembusError/Code/encoding`` for what cannot be encoded in a message.
    public init<T: Encodable>(_ encodable: T) throws(RembusError) { self = try Value(encoding: encodable) }

    init<T: Encodable>(encoding encodable: T) throws(RembusError) {
        do {
            self = try CBOREncoder().encodeValue(encodable)
        } catch {
            throw RembusError.encoding(error)
        }
    }
}
