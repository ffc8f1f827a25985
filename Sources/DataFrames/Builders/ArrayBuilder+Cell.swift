extension ArrayBuilder {
    /// Appends a value, converted to the column's type where nothing is lost by it; an error tells what does not fit.
    public func append(_ cell: Cell) throws(DataFrameError) {
        switch (type, cell) {
        case (_, .null): appendNull()
        case (.bool, .bool(let value)):
            bits.append(value)
            appended()
        case (.utf8, .text(let text)), (.largeUtf8, .text(let text)), (.utf8View, .text(let text)):
            try append(text: text)
        case (.binary, .bytes(let value)), (.largeBinary, .bytes(let value)), (.binaryView, .bytes(let value)),
            (.fixedSizeBinary, .bytes(let value)):
            try append(bytes: value)
        case (.dictionary(let index, _, _), _): try append(index, cell)
        case (.list, .list(let cells)), (.largeList, .list(let cells)), (.fixedSizeList, .list(let cells)):
            try append(list: cells)
        case (.structure(let fields), .structure(let members)): try append(members, fields)
        case (.map, .map(let entries)):
            try append(list: entries.map { .structure([.init("", $0.key), .init("", $0.value)]) })
        default: try appendScalar(cell)
        }
    }

    /// Appends text to a text column, or its bytes to a binary one.
    public func append(text: String) throws(DataFrameError) {
        var text = text
        let result = text.withUTF8 { utf8 in
            Result { () throws(DataFrameError) in try append(bytes: UnsafeRawBufferPointer(utf8)) }
        }
        try result.get()
    }

    /// Appends bytes to a binary column.
    public func append(bytes value: [UInt8]) throws(DataFrameError) {
        let result = value.withUnsafeBytes { bytes in
            Result { () throws(DataFrameError) in try append(bytes: bytes) }
        }
        try result.get()
    }

    /// Appends bytes to a binary column, or to a text column if they are known to be UTF-8.
    public func append(bytes value: UnsafeRawBufferPointer) throws(DataFrameError) {
        switch layout {
        case .fixed(let width):
            guard value.count == width else { throw misfit("\(value.count) bytes") }
            values.append(value)
        case .view:
            guard bytes.count + value.count <= Int(Int32.max) else {
                throw DataFrameError(.limit, "more than 2 GiB of text in one column of type \(type)")
            }
            append(view: value)
            return
        default:
            if case .variable(offset: 4) = layout, bytes.count + value.count > Int(Int32.max) {
                throw DataFrameError(.limit, "more than 2 GiB of text in one column of type \(type)")
            }
            bytes.append(value)
            appendOffset(bytes.count)
        }
        appended()
    }

    /// Appends bytes to an array of views, whose bytes then are not more than 2 GiB.
    func append(view value: UnsafeRawBufferPointer) {
        values.append(Int32(value.count))
        if value.count <= 12 {
            values.append(value)
            values.append(zeros: 12 - value.count)
        } else {
            values.append(UnsafeRawBufferPointer(rebasing: value.prefix(4)))
            values.append(Int32(0))
            values.append(Int32(bytes.count))
            bytes.append(value)
        }
        appended()
    }

    /// Appends an index into the dictionary, which grows by the value if it is new.
    private func append(_ index: IntegerType, _ cell: Cell) throws(DataFrameError) {
        let number: Int
        if let known = indices[cell] {
            number = known
        } else {
            number = children[0].count
            let limit = index.width == 8 ? Int.max : (1 << (index.width * 8 - (index.isSigned ? 1 : 0))) - 1
            guard number <= limit else {
                throw DataFrameError(.limit, "more distinct values than indices of type \(index.dataType)")
            }
            try children[0].append(cell)
            indices[cell] = number
        }
        withUnsafeBytes(of: UInt64(number).littleEndian) {
            values.append(UnsafeRawBufferPointer(rebasing: $0.prefix(index.width)))
        }
        appended()
    }

    private func append(list cells: [Cell]) throws(DataFrameError) {
        if case .fixedList(let length) = layout, cells.count != length { throw misfit("a list of \(cells.count)") }
        if case .list(offset: 4) = layout, children[0].count + cells.count > Int(Int32.max) {
            throw DataFrameError(.limit, "more than 2^31 elements in one column of type \(type)")
        }
        for cell in cells { try children[0].append(cell) }
        appendOffset(children[0].count)
        appended()
    }

    /// Appends parts in the order of the fields. They are found by name, or by their position if no name is given.
    private func append(_ members: [Cell.Member], _ fields: [Field]) throws(DataFrameError) {
        for (number, field) in fields.enumerated() {
            var found: Cell = .null
            if number < members.count, members[number].name == field.name || members[number].name.isEmpty {
                found = members[number].value
            } else if let member = members.first(where: { $0.name == field.name }) {
                found = member.value
            }
            try children[number].append(found)
        }
        appended()
    }

    func misfit(_ what: String) -> DataFrameError {
        DataFrameError(.value, "\(what) does not fit into a column of type \(type)")
    }
}
