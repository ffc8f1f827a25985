// One import is enough: the interface of the SDK uses messages, values, ids, status codes, dataframes and keys.
@_exported public import DataFrames
@_exported public import RembusIdentity
@_exported public import RembusWire
