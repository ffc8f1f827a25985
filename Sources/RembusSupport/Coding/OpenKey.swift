/// A coding key that can be any text, or the index of an element.
package struct OpenKey: CodingKey {
    package let stringValue: String
    package let intValue: Int?

    package init(stringValue: String) { (self.stringValue, intValue) = (stringValue, nil) }
    package init(intValue: Int) { (stringValue, self.intValue) = ("Index \(intValue)", intValue) }

    /// The key of what a class encodes for its superclass.
    package static let superclass = OpenKey(stringValue: "super")
}
