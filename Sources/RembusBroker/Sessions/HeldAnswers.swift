import RembusWire

/// Answers to the peer of one connection that wait until what they confirm is on the disk.
struct HeldAnswers {
    /// The number of answers that wait.
    var count = 0
    /// Exposed methods whose provider has not got its answer yet. No call is forwarded to it before.
    var methods: Set<ExactText> = []
}
