package import CArrowData

/// What an exported `ArrowSchema` points to; the struct keeps it alive until it is released.
private final class ExportedSchema {
    let format: UnsafeMutablePointer<CChar>
    let name: UnsafeMutablePointer<CChar>
    let metadata: UnsafeMutablePointer<CChar>?
    /// The structs of nested fields, and where they are, for the consumer to move them out if it wants to.
    let children: UnsafeMutableBufferPointer<ArrowSchema>
    let pointers: UnsafeMutableBufferPointer<UnsafeMutablePointer<ArrowSchema>?>
    let dictionary: UnsafeMutablePointer<ArrowSchema>?

    init(_ field: Field) {
        format = copied(FormatString.format(field.type))
        name = copied(field.name)
        metadata = field.metadata.isEmpty ? nil : encoded(field.metadata)
        var fields: [Field] = []
        if case .dictionary(_, let value, _) = field.type {
            dictionary = .allocate(capacity: 1)
            Field("", value).export(to: dictionary)
        } else {
            dictionary = nil
            fields = field.type.fields
        }
        children = .allocate(capacity: fields.count)
        pointers = .allocate(capacity: fields.count)
        for (number, child) in fields.enumerated() {
            let target = children.baseAddress.map { $0 + number }
            child.export(to: target)
            pointers.initializeElement(at: number, to: target)
        }
    }

    deinit {
        for pointer in children.indices { Self.release(&children[pointer]) }
        if let dictionary { Self.release(&dictionary.pointee) }
        format.deallocate()
        name.deallocate()
        metadata?.deallocate()
        children.deallocate()
        pointers.deallocate()
        dictionary?.deallocate()
    }

    /// Releases a struct that was not moved out.
    private static func release(_ schema: inout ArrowSchema) { schema.release?(&schema) }
}

extension Field {
    /// Fills in the struct of the C data interface, which its consumer has to release.
    package func export(to target: UnsafeMutablePointer<ArrowSchema>?) {
        let content = ExportedSchema(self)
        var flags = isNullable ? Int64(ARROW_FLAG_NULLABLE) : 0
        switch type {
        case .dictionary(_, _, isOrdered: true): flags |= Int64(ARROW_FLAG_DICTIONARY_ORDERED)
        case .map(_, keysSorted: true): flags |= Int64(ARROW_FLAG_MAP_KEYS_SORTED)
        default: break
        }
        target?.initialize(
            to: ArrowSchema(
                format: content.format, name: content.name, metadata: content.metadata, flags: flags,
                n_children: Int64(content.children.count), children: content.pointers.baseAddress,
                dictionary: content.dictionary,
                release: { schema in
                    guard let schema, let content = schema.pointee.private_data else { return }
                    schema.pointee.release = nil
                    schema.pointee.private_data = nil
                    Unmanaged<ExportedSchema>.fromOpaque(content).release()
                }, private_data: Unmanaged.passRetained(content).toOpaque()))
    }
}

extension Schema {
    /// Fills in the struct of the C data interface: a structure of the columns. Its consumer has to release it.
    package func export(to target: UnsafeMutablePointer<ArrowSchema>) {
        Field("", .structure(fields), isNullable: false, metadata: metadata).export(to: target)
    }
}

/// A copy as a C string; bytes behind a NUL are lost.
private func copied(_ text: String) -> UnsafeMutablePointer<CChar> {
    text.withCString { source in
        let count = text.utf8.count + 1
        let target = UnsafeMutablePointer<CChar>.allocate(capacity: count)
        target.initialize(from: source, count: count)
        return target
    }
}

/// Metadata as the interface has it: numbers of 32 bits and texts without an end mark.
private func encoded(_ metadata: Metadata) -> UnsafeMutablePointer<CChar> {
    var bytes: [UInt8] = []
    func append(_ number: Int) {
        withUnsafeBytes(of: Int32(truncatingIfNeeded: number)) { bytes.append(contentsOf: $0) }
    }
    append(metadata.pairs.count)
    for text in metadata.pairs.flatMap({ [$0.key, $0.value] }) {
        append(text.utf8.count)
        bytes.append(contentsOf: text.utf8)
    }
    let target = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    for (index, byte) in bytes.enumerated() { (target + index).initialize(to: CChar(bitPattern: byte)) }
    return target
}
