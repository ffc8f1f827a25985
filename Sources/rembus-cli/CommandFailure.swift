import ArgumentParser

/// A failure that the command line reports as one sentence on standard error, with exit code 1.
struct CommandFailure: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}
