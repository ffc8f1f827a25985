import Testing

/// Whole brokers with their storage, one after the other: each has threads that block, and a database.
@Suite(.serialized, .timeLimit(.minutes(5)))
enum ServerSuites {}
