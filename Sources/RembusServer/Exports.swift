// What the API of a server speaks of, so that one import is enough.
@_exported public import RembusBroker
@_exported public import RembusWire
