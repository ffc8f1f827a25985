// Messages, values, ids and status codes are part of the SDK's vocabulary, so one import is enough.
@_exported public import RembusWire
