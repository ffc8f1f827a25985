/// A key that can be any text, or the position of an element.
package struct OpenKey: CodingKey {
    package let stringValue: String
    package let intValue: Int?

    package init(stringValue: String) { (self.stringValue, intValue) = (stringValue, nil) }
    package init(intValue: Int) { (stringValue, self.intValue) = ("Index \(intValue)", intValue) }

    /// The key under which a class stores what its superclass encodes.
    package static let superclass = OpenKey(stringValue: "super")
}
