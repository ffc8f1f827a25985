package import CArrowData

/// What an exported `ArrowArray` points to. It keeps the memory of the values alive, which is not copied.
private final class ExportedArray {
    let array: ArrayData
    let buffers: UnsafeMutableBufferPointer<UnsafeRawPointer?>
    /// How large the buffers of views are, which only views tell.
    let sizes: UnsafeMutableBufferPointer<Int64>
    let children: UnsafeMutableBufferPointer<ArrowArray>
    let pointers: UnsafeMutableBufferPointer<UnsafeMutablePointer<ArrowArray>?>
    let dictionary: UnsafeMutablePointer<ArrowArray>?

    init(_ array: ArrayData) {
        self.array = array
        let parts = array.buffers.map(\.base)
        var pointers: [UnsafeRawPointer?] = array.layout == .null ? [] : [array.validity?.base]
        pointers += parts
        if array.layout == .view {
            sizes = .allocate(capacity: array.buffers.count)
            for (number, buffer) in array.buffers.dropFirst().enumerated() {
                sizes.initializeElement(at: number, to: Int64(buffer.count))
            }
            sizes.initializeElement(at: array.buffers.count - 1, to: 0)
            pointers.append(UnsafeRawPointer(sizes.baseAddress))
        } else {
            sizes = UnsafeMutableBufferPointer(start: nil, count: 0)
        }
        buffers = .allocate(capacity: pointers.count)
        _ = buffers.initialize(from: pointers)
        children = .allocate(capacity: array.children.count)
        self.pointers = .allocate(capacity: array.children.count)
        for (number, child) in array.children.enumerated() {
            let target = children.baseAddress.map { $0 + number }
            child.export(to: target)
            self.pointers.initializeElement(at: number, to: target)
        }
        dictionary = array.dictionary.map { values in
            let target = UnsafeMutablePointer<ArrowArray>.allocate(capacity: 1)
            values.export(to: target)
            return target
        }
    }

    deinit {
        for child in children.indices { Self.release(&children[child]) }
        if let dictionary { Self.release(&dictionary.pointee) }
        buffers.deallocate()
        sizes.deallocate()
        children.deallocate()
        pointers.deallocate()
        dictionary?.deallocate()
    }

    /// Releases a struct that was not moved out.
    private static func release(_ array: inout ArrowArray) { array.release?(&array) }
}

extension ArrayData {
    /// Fills in the struct of the C data interface, which its consumer has to release. The values are shared, not
    /// copied.
    package func export(to target: UnsafeMutablePointer<ArrowArray>?) {
        let content = ExportedArray(self)
        target?.initialize(
            to: ArrowArray(
                length: Int64(length), null_count: Int64(nullCount), offset: Int64(offset),
                n_buffers: Int64(content.buffers.count), n_children: Int64(content.children.count),
                buffers: content.buffers.baseAddress, children: content.pointers.baseAddress,
                dictionary: content.dictionary,
                release: { array in
                    guard let array, let content = array.pointee.private_data else { return }
                    array.pointee.release = nil
                    array.pointee.private_data = nil
                    Unmanaged<ExportedArray>.fromOpaque(content).release()
                }, private_data: Unmanaged.passRetained(content).toOpaque()))
    }
}
