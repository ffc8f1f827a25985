import NIOCore
import NIOPosix
import RembusMQTT

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Converts arguments to MQTT payloads, and caches the last one. A publication with many MQTT subscribers reaches one
/// after the other, and is converted only once on each event loop.
///
/// Arguments are compared byte by byte, so that publications need no identity. Used on one event loop only, hence
/// unchecked.
final class PayloadConverter: @unchecked Sendable {
    /// A payload with the arguments that it was made from.
    struct Payload {
        fileprivate var arguments = ByteBuffer()
        /// The bytes of the payload.
        fileprivate(set) var bytes = ByteBuffer()
        /// The MQTT 5 properties that describe the payload, without their length; empty when there are none.
        fileprivate(set) var properties = ByteBuffer()
    }

    /// Longer arguments are converted each time, so that the cache stays small.
    static let maxKeptBytes = 256 << 10

    private static let current = ThreadSpecificVariable<PayloadConverter>()
    private var last = Payload()

    /// The converter of the current event loop.
    static var ofThisEventLoop: PayloadConverter {
        if let known = current.currentValue { return known }
        let new = PayloadConverter()
        current.currentValue = new
        return new
    }

    /// The payload of arguments, which are a CBOR array; empty when the bytes are malformed.
    func payload(of arguments: UnsafeRawBufferPointer) -> Payload {
        let isKnown = last.arguments.withUnsafeReadableBytes { kept in
            guard kept.count == arguments.count, let left = kept.baseAddress, let right = arguments.baseAddress else {
                return false
            }
            return memcmp(left, right, kept.count) == 0
        }
        guard !isKnown else { return last }
        guard arguments.count <= Self.maxKeptBytes else {
            var single = Payload()
            convert(arguments, into: &single)
            return single
        }
        last.arguments.clear()
        last.arguments.writeBytes(arguments)
        convert(arguments, into: &last)
        return last
    }

    private func convert(_ arguments: UnsafeRawBufferPointer, into payload: inout Payload) {
        payload.bytes.clear()
        let form = MQTTPayload.write(arguments: arguments, into: &payload.bytes)
        payload.properties = form.map { $0 == .bytes ? ByteBuffer() : $0.properties.encoded } ?? ByteBuffer()
    }
}
