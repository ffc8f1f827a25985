import RembusTables

/// The order of the rows of a keyed table, in which the last row with a key counts.
///
/// Without dataframes it is the receive time. All rows of a dataframe have the same receive time. So with dataframes it
/// is the publication's position among all of the batch, with the row's position in its dataframe in the low 32 bits.
struct RowOrder {
    /// nil when the receive times are the order.
    private let rows: [UInt64]?
    /// The order of each dataframe's first row.
    let frames: [UInt64]

    init(_ batch: TableBatch) {
        guard !batch.frames.isEmpty else {
            rows = nil
            frames = []
            return
        }
        var rows: [UInt64] = []
        var frames: [UInt64] = []
        rows.reserveCapacity(batch.rowCount)
        var place: UInt64 = 0
        func takeFrames(before time: UInt64) {
            while frames.count < batch.frames.count, batch.frames[frames.count].receivedAt < time {
                frames.append(place << 32)
                place += 1
            }
        }
        for row in 0..<batch.rowCount {
            takeFrames(before: batch.receivedAt.value(row))
            rows.append(place << 32)
            place += 1
        }
        takeFrames(before: .max)
        self.rows = rows
        self.frames = frames
    }

    /// Calls `body` with a UInt64 for each row; with nil when the receive times are the order.
    func withPointer(_ body: (UnsafeRawPointer?) throws(LakeError) -> Void) throws(LakeError) {
        guard let rows else { return try body(nil) }
        try rows.withUnsafeBytes { bytes in Result { () throws(LakeError) in try body(bytes.baseAddress) } }.get()
    }
}

/// The columns that the rows of a keyed table have, 64 per word.
struct RowMasks {
    private let words: [[UInt64]]

    init(_ batch: TableBatch, count: Int) {
        words = (0..<count).map { word in
            var masks = [UInt64](repeating: 0, count: batch.rowCount)
            for bit in 0..<64 where word * 64 + bit < batch.mentioned.count {
                let mentioned = batch.mentioned[word * 64 + bit]
                let mask = UInt64(1) << UInt64(bit)
                if mentioned.areAllSet {
                    for row in masks.indices { masks[row] |= mask }
                } else {
                    for row in masks.indices where mentioned[row] { masks[row] |= mask }
                }
            }
            return masks
        }
    }

    func withPointers(_ body: ([UnsafeRawPointer]) throws(LakeError) -> Void) throws(LakeError) {
        try Self.collect(words[...], [], body)
    }

    private static func collect(
        _ rest: ArraySlice<[UInt64]>, _ pointers: [UnsafeRawPointer],
        _ body: ([UnsafeRawPointer]) throws(LakeError) -> Void
    ) throws(LakeError) {
        guard let first = rest.first else { return try body(pointers) }
        try first.withUnsafeBytes { bytes in
            Result { () throws(LakeError) in
                try collect(rest.dropFirst(), pointers + (bytes.baseAddress.map { [$0] } ?? []), body)
            }
        }.get()
    }
}
