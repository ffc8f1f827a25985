extension String {
    /// The text between quotes, with each quote in it doubled, as SQL wants it. By bytes: to Swift, a quote with a combining
    /// accent behind it is another character, to a database it ends the text.
    func quoted(with quote: Unicode.Scalar) -> String {
        var result = String.UnicodeScalarView()
        result.append(quote)
        for scalar in unicodeScalars {
            if scalar == quote { result.append(quote) }
            result.append(scalar)
        }
        result.append(quote)
        return String(result)
    }
}
