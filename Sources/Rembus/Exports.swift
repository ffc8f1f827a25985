// Messages, values, ids, status codes and dataframes are part of the SDK's vocabulary, so one import is enough.
@_exported public import DataFrames
@_exported public import RembusWire
