package import NIOCore

extension Value {
    /// Appends the value as JSON, dataframes in it as `frames` writes them.
    package func encodeJSON(into buffer: inout ByteBuffer, frames: @escaping FrameJSON) {
        JSONWriter(frames: frames).write(self, into: &buffer)
    }
}
