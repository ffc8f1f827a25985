extension String {
    /// The text with blanks behind it up to `width` characters.
    func padding(to width: Int) -> String {
        count < width ? self + String(repeating: " ", count: width - count) : self
    }

    /// The text with blanks before it up to `width` characters.
    func padding(from width: Int) -> String {
        count < width ? String(repeating: " ", count: width - count) + self : self
    }
}
