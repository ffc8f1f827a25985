package import CArrowData

/// What an exported `ArrowArrayStream` gives out.
private final class ExportedStream {
    let schema: Schema
    /// The batches that were not given out yet, the next one last.
    var batches: [ArrayData]

    init(_ frame: DataFrame) {
        schema = frame.schema
        batches = frame.structures.reversed()
    }

    static func of(_ stream: UnsafeMutablePointer<ArrowArrayStream>?) -> ExportedStream? {
        stream?.pointee.private_data.map { Unmanaged<ExportedStream>.fromOpaque($0).takeUnretainedValue() }
    }
}

extension DataFrame {
    /// The batches, each as one array of structures: what the C interfaces take for a table. None for a frame without
    /// rows.
    package var structures: [ArrayData] {
        batches.map { ArrayData(.structure(schema.fields), length: $0.length, children: $0.arrays) }
    }

    /// Fills in the struct of the C stream interface, which its consumer has to release. The values are shared, not
    /// copied.
    package func export(to target: UnsafeMutablePointer<ArrowArrayStream>) {
        target.initialize(
            to: ArrowArrayStream(
                get_schema: { stream, target in
                    guard let content = ExportedStream.of(stream), let target else { return ExportedStream.invalid }
                    content.schema.export(to: target)
                    return 0
                },
                get_next: { stream, target in
                    guard let content = ExportedStream.of(stream), let target else { return ExportedStream.invalid }
                    if let batch = content.batches.popLast() {
                        batch.export(to: target)
                    } else {
                        target.initialize(to: ArrowArray())
                    }
                    return 0
                },
                get_last_error: { _ in nil },
                release: { stream in
                    guard let stream, let content = stream.pointee.private_data else { return }
                    stream.pointee.release = nil
                    stream.pointee.private_data = nil
                    Unmanaged<ExportedStream>.fromOpaque(content).release()
                }, private_data: Unmanaged.passRetained(ExportedStream(self)).toOpaque()))
    }
}

extension ExportedStream {
    /// `EINVAL`, which a consumer gets that calls a released stream.
    fileprivate static let invalid: CInt = 22
}
