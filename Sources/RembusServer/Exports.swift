// One import is enough: the interface of a server uses the types of these modules.
@_exported public import RembusBroker
@_exported public import RembusWire
