import NIOCore

/// Writes a frame as an Arrow IPC stream: first all messages are laid out, so that the size is known, then they are
/// copied into place.
struct StreamWriter {
    /// What is before a body: the mark of a message, its length and the FlatBuffer, padded.
    private struct Message {
        var head: [UInt8]
        var parts: [ArrowBuffer]
    }

    private let alignment: Int
    private var messages: [Message] = []
    /// The dictionaries that were written last, by their number.
    private var dictionaries: [ArrayData?] = []
    /// The size of the stream in bytes.
    private(set) var byteCount = 0

    /// Lays out a stream whose buffers start at multiples of `alignment`, counted from the stream's start.
    init(_ frame: DataFrame, alignment: Int = 64) {
        self.alignment = alignment
        var schema = SchemaWriter()
        append(ArrowFormat.Header.schema, schema.table(frame.schema), body: nil)
        for (length, arrays) in frame.batches {
            var number = 0
            for array in arrays { appendDictionaries(array, &number) }
            let layout = BatchLayout(arrays, alignment: alignment)
            append(ArrowFormat.Header.recordBatch, layout.table(length: length), body: layout)
        }
        byteCount += 8
    }

    /// Writes the dictionaries of an array that are not the ones written last, inner ones first, as they are used by
    /// the outer.
    ///
    /// `number` counts the dictionaries as ``SchemaWriter`` does: an outer one before the ones nested in its values.
    private mutating func appendDictionaries(_ array: ArrayData, _ number: inout Int) {
        guard let dictionary = array.dictionary else {
            for child in array.children { appendDictionaries(child, &number) }
            return
        }
        let own = number
        number += 1
        for child in dictionary.children { appendDictionaries(child, &number) }
        while dictionaries.count < number { dictionaries.append(nil) }
        if let last = dictionaries[own],
            last === dictionary || last.length == dictionary.length && last.hasSameValues(as: dictionary)
        {
            return
        }
        dictionaries[own] = dictionary
        let layout = BatchLayout([dictionary], alignment: alignment)
        let batch = FlatValue.table(layout.table(length: dictionary.length))
        append(ArrowFormat.Header.dictionaryBatch, [.long(Int64(own)), batch, .absent], body: layout)
    }

    private mutating func append(_ kind: UInt8, _ header: [FlatValue], body: BatchLayout?) {
        let metadata = FlatWriter.write(root: [
            .short(ArrowFormat.Version.v5), .byte(kind), .table(header), .long(Int64(body?.bodyLength ?? 0)),
        ])
        var head: [UInt8] = []
        let length = (metadata.count + 8 + alignment - 1) & ~(alignment - 1) - 8
        head.reserveCapacity(length + 8)
        withUnsafeBytes(of: ArrowFormat.continuation) { head.append(contentsOf: $0) }
        withUnsafeBytes(of: UInt32(length).littleEndian) { head.append(contentsOf: $0) }
        head.append(contentsOf: metadata)
        head.append(contentsOf: repeatElement(0, count: length + 8 - head.count))
        messages.append(Message(head: head, parts: body?.parts ?? []))
        byteCount += head.count + (body?.bodyLength ?? 0)
    }

    /// Writes the stream, which takes ``byteCount`` bytes, to `target`.
    func write(to target: UnsafeMutableRawPointer) {
        var target = target
        for message in messages {
            message.head.withUnsafeBytes { copy($0, to: &target, padding: 0) }
            for part in message.parts {
                let padding = (alignment - part.count & (alignment - 1)) & (alignment - 1)
                part.withUnsafeBytes { copy($0, to: &target, padding: padding) }
            }
        }
        target.storeBytes(of: UInt64(ArrowFormat.continuation), as: UInt64.self)
    }

    private func copy(_ bytes: UnsafeRawBufferPointer, to target: inout UnsafeMutableRawPointer, padding: Int) {
        if let start = bytes.baseAddress, !bytes.isEmpty { target.copyMemory(from: start, byteCount: bytes.count) }
        target += bytes.count
        target.initializeMemory(as: UInt8.self, repeating: 0, count: padding)
        target += padding
    }
}
