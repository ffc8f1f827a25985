/// The position of an array element in a coding path.
struct PositionKey: CodingKey {
    let position: Int

    init(_ position: Int) { self.position = position }

    init?(intValue: Int) { self.init(intValue) }
    init?(stringValue: String) { nil }

    var intValue: Int? { position }
    var stringValue: String { "Index \(position)" }
}

/// The key under which a class stores what its superclass encodes.
struct SuperKey: CodingKey {
    init() {}
    init?(intValue: Int) { nil }
    init?(stringValue: String) { nil }

    var intValue: Int? { nil }
    var stringValue: String { "super" }
}

/// A key that can be any text.
struct TextKey: CodingKey {
    let stringValue: String

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { self.init(stringValue: String(intValue)) }

    var intValue: Int? { Int(stringValue) }
}
