import Logging

/// Finds out what a journal's folder holds. Only marks are kept in memory, and only segments without a footer are read:
/// those that were in writing when the last run ended.
struct JournalRecovery {
    let options: JournalOptions
    let logger: Logger
    private(set) var damagedBytes: UInt64 = 0
    private var progress: RecoveryProgress

    init(options: JournalOptions, logger: Logger) {
        self.options = options
        self.logger = logger
        progress = RecoveryProgress(interval: options.recoveryReportInterval, logger: logger)
    }

    func directory(of partition: Int) -> String { "\(options.directory)/p\(partition)" }

    /// The partitions, with as many of an earlier run as there are.
    mutating func partitions() throws(StorageError) -> [JournalPartition] {
        let existing = try options.fileSystem.contents(of: options.directory).compactMap { name in
            name.hasPrefix("p")
                ? Int(name.dropFirst()).flatMap { 0..<RecordHeader.maxPartitions ~= $0 ? $0 : nil } : nil
        }
        let count = max(options.partitions, (existing.max() ?? 0) + 1)
        var starts: [[UInt64]] = []
        for number in 0..<count {
            try options.fileSystem.createDirectory(directory(of: number))
            starts.append(
                try options.fileSystem.contents(of: directory(of: number)).compactMap(Segment.start(fileName:)).sorted()
            )
        }
        progress.count = starts.reduce(0) { $0 + $1.count }
        var partitions: [JournalPartition] = []
        for number in 0..<count {
            partitions.append(
                JournalPartition(
                    number: number, directory: directory(of: number),
                    segments: try segments(of: number, starts[number]),
                    memoryLimit: max(options.memoryBytes / options.partitions, 1 << 16),
                    holdsUntilSynced: options.sync == .always))
        }
        try options.fileSystem.syncDirectory(options.directory)
        progress.end()
        return partitions
    }

    private mutating func segments(of partition: Int, _ starts: [UInt64]) throws(StorageError) -> [Segment] {
        let directory = directory(of: partition)
        var segments: [Segment] = []
        for (index, start) in starts.enumerated() {
            let path = "\(directory)/\(Segment.fileName(start: start))"
            // The log of a segment ends where the next segment begins; a file that says otherwise is damaged.
            let limit = index + 1 < starts.count ? starts[index + 1] : StorePosition.logBase - 1
            if let segment = try segment(path, partition: partition, start: start, limit: limit) {
                segments.append(segment)
            }
            progress.passed()
        }
        return segments
    }

    /// The content of a segment's file. When the file holds no record, it is put aside and the result is nil.
    private mutating func segment(
        _ path: String, partition: Int, start: UInt64, limit: UInt64
    ) throws(StorageError) -> Segment? {
        guard let file = try options.fileSystem.open(path, readOnly: false) else { return nil }
        defer { file.close() }
        let head = try file.bytes(at: 0, count: SegmentFormat.headerBytes)
        var firstReceivedAt: UInt64 = 0
        switch head.withUnsafeBytes(SegmentFormat.parseHeader) {
        case .sound(partition, start, let time): firstReceivedAt = time
        case .sound, .damaged:
            // A damaged header is no loss: the file's name gives the start offset, and every record has a checksum of
            // its own.
            if head.contains(where: { $0 != 0 }) {
                logger.error("the header of \(path) is damaged; reading its records")
            }
        case .newer(let version): throw .newerFormat(path, version: version, known: SegmentFormat.version)
        }
        if firstReceivedAt > 0,
            let segment = try SegmentFormat.readFooter(file, start: start, firstReceivedAt: firstReceivedAt),
            segment.end <= limit
        {
            return segment
        }
        return try scan(file, path, start: start, firstReceivedAt: firstReceivedAt, limit: limit)
    }

    private mutating func scan(
        _ file: any StorageFile, _ path: String, start: UInt64, firstReceivedAt: UInt64, limit: UInt64
    ) throws(StorageError) -> Segment? {
        let size = try file.size()
        let end = min(start + max(size, UInt64(SegmentFormat.headerBytes)) - UInt64(SegmentFormat.headerBytes), limit)
        var segment: Segment?
        let outcome = try SegmentReader(file, start: start).read(
            from: start, to: end, lastReceivedAt: firstReceivedAt > 0 ? firstReceivedAt - 1 : 0
        ) { offset, header, _ in
            if segment == nil { segment = Segment(start: start, firstReceivedAt: header.receivedAt) }
            segment?.note(header, at: offset)
            return true
        }
        report(outcome, path)
        guard var segment else {
            try putAside(path, isBlank: outcome.tornBytes == 0)
            return nil
        }
        segment.end = outcome.next
        segment.lastReceivedAt = max(segment.lastReceivedAt, outcome.lastReceivedAt)
        do throws(StorageError) {
            try SegmentWriter.finish(file, segment, syncing: true)
        } catch {
            // Without a footer, the segment is only read again at the next start.
            logger.warning("a segment of the journal stays without its footer: \(error)")
        }
        return segment
    }

    private mutating func report(_ outcome: SegmentReader.Outcome, _ path: String) {
        damagedBytes += outcome.damagedBytes
        if outcome.damagedBytes > 0 {
            logger.error(
                "\(path) is damaged: \(outcome.damagedBytes) bytes of records are lost, what follows them is kept")
        }
        if outcome.tornBytes > 0 {
            logger.warning(
                "\(path) ends with a record that was not completely written: \(outcome.tornBytes) bytes are cut off")
        }
    }

    private func putAside(_ path: String, isBlank: Bool) throws(StorageError) {
        if isBlank { return try options.fileSystem.remove(path) }
        logger.error("no record of \(path) is readable; it is kept as \(path).damaged")
        try options.fileSystem.rename(path, to: path + ".damaged")
    }
}

extension StorageError {
    static func newerFormat(_ path: String, version: UInt32, known: UInt32) -> StorageError {
        StorageError(
            """
            \(path) has format \(version), which a newer version of this program wrote; this one knows formats up to \(known). \
            Use the newer version, or another folder
            """)
    }
}
