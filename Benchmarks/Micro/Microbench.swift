import NIOCore
import RembusWire

/// Micro-benchmarks of what the broker does for each message: `rembus-microbench [TEXT]` runs those whose name has TEXT.
@main
struct Microbench {
    static func main() {
        let measure = Measure(filter: CommandLine.arguments.dropFirst().first)
        headers(measure)
        codecs(measure)
        splices(measure)
        topics(measure)
        frames(measure)
        Rows()?.measure(measure)
    }

    private static func headers(_ measure: Measure) {
        for (name, message) in Samples.messages {
            let bytes = Samples.cbor(message)
            bytes.withUnsafeReadableBytes { bytes in
                measure("parse header: \(name)", bytes: bytes.count) { use(FrameHeader.parse(bytes)) }
            }
        }
    }

    private static func codecs(_ measure: Measure) {
        for (name, message) in Samples.messages {
            let bytes = Samples.cbor(message)
            measure("decode CBOR: \(name)", bytes: bytes.readableBytes) { use(try? Message(cbor: bytes)) }
            var buffer = ByteBuffer()
            measure("encode CBOR: \(name)", bytes: bytes.readableBytes) {
                buffer.clear()
                message.encodeCBOR(into: &buffer)
            }
            var text = ByteBuffer()
            message.encodeJSON(into: &text, dialect: .python)
            var dialect = JSONDialect.python
            measure("decode JSON: \(name)", bytes: text.readableBytes) {
                use(try? Message(json: text, dialect: &dialect))
            }
            measure("encode JSON: \(name)", bytes: text.readableBytes) {
                buffer.clear()
                message.encodeJSON(into: &buffer, dialect: .python)
            }
        }
    }

    private static func splices(_ measure: Measure) {
        let splice = Splice(pattern: "plant/*/telemetry")
        for size in [16, 256, 4096] {
            let frame = Samples.cbor(Samples.publish(Samples.bytes(size)))
            let target = UnsafeMutableRawPointer.allocate(byteCount: size + 256, alignment: 16)
            defer { target.deallocate() }
            frame.withUnsafeReadableBytes { bytes in
                guard case .regular(let header) = FrameHeader.parse(bytes) else { return }
                measure("splice topic into arguments: \(size) B", bytes: bytes.count) {
                    use(splice.write(header, of: bytes, to: target))
                }
                measure("parse header and splice: \(size) B", bytes: bytes.count) {
                    guard case .regular(let header) = FrameHeader.parse(bytes) else { return }
                    use(splice.write(header, of: bytes, to: target))
                }
            }
        }
    }

    private static func topics(_ measure: Measure) {
        for count in [10, 10_000, 1_000_000] {
            // Filling the index takes a while; nobody waits for it in vain.
            guard measure.isWanted("match topic: \(count)") || measure.isWanted("insert and remove: \(count)") else {
                continue
            }
            var index = TopicIndex<Int>()
            for number in 0..<count { index.insert(TopicPattern(pattern(number)), element: number) }
            let topics = (0..<1024).map { "plant/\($0 * 977 % max(count, 1))/line/\($0 % 8)/telemetry" }
            var (next, matches) = (0, 0)
            measure("match topic: \(count) patterns") {
                index.forEachMatch(of: topics[next & 1023]) { _ in matches &+= 1 }
                next &+= 1
            }
            let extra = TopicPattern("plant/extra/**/telemetry")
            measure("insert and remove: \(count) patterns") {
                index.insert(extra, element: -1)
                index.remove(extra) { $0 == -1 }
            }
            use(matches)
        }
    }

    /// Patterns of the kinds that people write, most of them about one place.
    private static func pattern(_ number: Int) -> String {
        switch number % 4 {
        case 0: "plant/\(number)/**"
        case 1: "plant/\(number)/line/*/telemetry"
        case 2: "plant/\(number)/*/\(number % 8)/telemetry"
        default: "site/\(number)/**/alarm"
        }
    }
}
