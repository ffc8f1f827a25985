extension String {
    /// The text followed by blanks, up to `width` characters.
    func padding(to width: Int) -> String {
        count < width ? self + String(repeating: " ", count: width - count) : self
    }

    /// The text preceded by blanks, up to `width` characters.
    func padding(from width: Int) -> String {
        count < width ? String(repeating: " ", count: width - count) + self : self
    }
}
