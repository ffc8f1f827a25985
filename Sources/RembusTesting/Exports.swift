// One import is enough: tests use configuration, events and messages.
@_exported public import RembusBroker
@_exported public import RembusWire
