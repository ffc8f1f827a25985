import DataFrames
import NIOCore
import Rembus

/// Printing values that contain dataframes.
extension Value {
    /// The value as one line of JSON, in which a dataframe is an array with an object for each row.
    ///
    /// Every command that prints or passes on a received value uses this form, because the base64 text of an Arrow
    /// stream is of no use to a reader. A stream that cannot be decoded stays base64.
    var jsonLine: String {
        var buffer = ByteBuffer()
        encodeJSON(into: &buffer, frames: DataFrame.writeRows)
        return String(buffer: buffer)
    }

    /// Whether this is a dataframe, well-formed or not.
    var isFrame: Bool {
        if case .tagged(Tag.dataFrame, .bytes) = self { true } else { false }
    }
}

extension OutputFormat {
    /// Prints a result: a dataframe as a table or as a line of JSON for each row, anything else as one value.
    func write(_ result: Value, isColored: Bool) throws {
        let frame = result.isFrame ? result.dataFrame : nil
        switch (self, frame) {
        case (.pretty, let frame?): try FrameFormat.table.write(frame, to: nil, rows: FrameFormat.tableRows)
        case (.json, let frame?): try FrameFormat.jsonl.write(frame, to: nil, rows: 0)
        case (.pretty, nil):
            let layout = ValueLayout(isColored: isColored, width: Terminal.width)
            try StandardOutput.write(layout.text(result) + "\n")
        case (.json, nil): try StandardOutput.write(result.jsonLine + "\n")
        }
    }
}
