package import CArrowData

extension Field {
    /// Reads a struct of the C data interface, which stays its owner's.
    package init(importing schema: UnsafePointer<ArrowSchema>) throws(DataFrameError) {
        try self.init(importing: schema, depth: 0)
    }

    private init(importing schema: UnsafePointer<ArrowSchema>, depth: Int) throws(DataFrameError) {
        let source = schema.pointee
        guard source.release != nil, let format = source.format else {
            throw .malformed("an Arrow schema was released")
        }
        guard depth < ArrowLimits.standard.maxDepth else { throw DataFrameError(.limit, "types are nested too deeply") }
        var children: [Field] = []
        for number in 0..<Int(source.n_children) {
            guard let child = source.children?[number] else { throw .malformed("an Arrow schema lacks a child") }
            children.append(try Field(importing: child, depth: depth + 1))
        }
        let text = String(cString: format)
        let keysSorted = source.flags & Int64(ARROW_FLAG_MAP_KEYS_SORTED) != 0
        var type = try FormatString.type(text, children, keysSorted: keysSorted)
        if let dictionary = source.dictionary {
            let values = try Field(importing: dictionary, depth: depth + 1)
            guard let index = IntegerType.allCases.first(where: { $0.dataType == type }) else {
                throw .unsupported("dictionary indices with the format \(text) cannot be read")
            }
            let isOrdered = source.flags & Int64(ARROW_FLAG_DICTIONARY_ORDERED) != 0
            type = .dictionary(index: index, value: values.type, isOrdered: isOrdered)
        }
        self.init(
            source.name.map { String(cString: $0) } ?? "", type,
            isNullable: source.flags & Int64(ARROW_FLAG_NULLABLE) != 0, metadata: Metadata(importing: source.metadata))
    }
}

extension Schema {
    /// Reads a struct of the C data interface that describes a table: a structure of its columns.
    package init(importing schema: UnsafePointer<ArrowSchema>) throws(DataFrameError) {
        let field = try Field(importing: schema)
        guard case .structure(let fields) = field.type else {
            throw DataFrameError(.mismatch, "an Arrow table is a structure, not \(field.type)")
        }
        self.init(fields, metadata: field.metadata)
    }
}

extension Metadata {
    fileprivate init(importing source: UnsafePointer<CChar>?) {
        self.init()
        guard var position = source.map({ UnsafeRawPointer($0) }) else { return }
        func number() -> Int {
            defer { position += 4 }
            return Int(max(0, position.loadUnaligned(as: Int32.self)))
        }
        func text() -> String {
            let count = number()
            defer { position += count }
            return String(decoding: UnsafeRawBufferPointer(start: position, count: count), as: UTF8.self)
        }
        for _ in 0..<number() {
            let key = text()
            pairs.append(Pair(key: key, value: text()))
        }
    }
}
