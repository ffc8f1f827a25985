// Messages, values, ids, status codes, dataframes and keys are part of the SDK's vocabulary, so one import is enough.
@_exported public import DataFrames
@_exported public import RembusIdentity
@_exported public import RembusWire
