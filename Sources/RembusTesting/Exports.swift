// Configuration, events and messages are part of what tests say: an `import` more would only be in the way.
@_exported public import RembusBroker
@_exported public import RembusWire
