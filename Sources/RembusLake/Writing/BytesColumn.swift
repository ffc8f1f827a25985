/// Texts or blobs that are added row by row, for the few small tables without column buffers of their own.
struct BytesColumn {
    private(set) var bytes: [UInt8] = []
    private(set) var offsets = [0]

    var count: Int { offsets.count - 1 }

    mutating func append(_ value: some Sequence<UInt8>) {
        bytes.append(contentsOf: value)
        offsets.append(bytes.count)
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        offsets.removeAll(keepingCapacity: true)
        offsets.append(0)
    }
}
