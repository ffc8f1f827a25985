import DataFrames
import NIOCore
import RembusWire

/// The response object to one request.
enum JSONRPCAnswer {
    case result(Value, id: JSONRPCID)
    case error(JSONRPCError)

    var id: JSONRPCID {
        switch self {
        case .result(_, let id): id
        case .error(let error): error.id
        }
    }

    func write(into buffer: inout ByteBuffer) {
        switch self {
        case .result(let value, _):
            buffer.writeStaticString(#"{"jsonrpc":"2.0","result":"#)
            value.encodeJSON(into: &buffer, frames: DataFrame.writeRows(ofArrow:into:))
        case .error(let error):
            buffer.writeStaticString(#"{"jsonrpc":"2.0","error":"#)
            error.object.encodeJSON(into: &buffer)
        }
        buffer.writeStaticString(#","id":"#)
        id.write(into: &buffer)
        buffer.writeStaticString("}")
    }
}
