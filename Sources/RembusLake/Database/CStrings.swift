/// Arrays of C strings for the functions that want them.
enum CStrings {
    /// Calls `body` with C strings of the texts, which end with the call. What is behind a NUL is lost.
    static func with<Result>(
        _ texts: [String], _ body: (UnsafeMutablePointer<UnsafePointer<CChar>?>?) -> Result
    ) -> Result {
        let copies = texts.map { text in
            let bytes = text.utf8CString
            let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: bytes.count)
            _ = copy.initialize(from: bytes)
            return copy
        }
        defer { for copy in copies { copy.deallocate() } }
        var pointers = copies.map { UnsafePointer($0.baseAddress) }
        return body(&pointers)
    }
}
