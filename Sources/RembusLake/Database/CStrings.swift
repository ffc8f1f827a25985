/// Arrays of C strings for C functions.
enum CStrings {
    /// Calls `body` with the texts as C strings, which are valid during the call. Text behind a NUL is lost.
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
