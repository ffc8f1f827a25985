import DataFrames
import FuzzDriver
import NIOCore

/// Small, so that every value of what was accepted can be looked at.
let limits = {
    var limits = ArrowLimits()
    limits.maxLength = 256
    limits.maxFields = 64
    limits.maxAllocation = 1 << 20
    return limits
}()

// Any bytes are a frame or an error, and what was decoded survives a round trip.
fuzz { start, count in
    let input = ByteBuffer(bytes: UnsafeBufferPointer(start: start, count: count))
    guard let frame = try? DataFrame(arrow: input, limits: limits) else { return 0 }
    for column in frame.columns { for row in 0..<column.count { _ = column.cell(row) } }
    precondition((try? DataFrame(arrow: frame.arrowBuffer())) == frame, "what we encode, we decode")
    return 0
}
