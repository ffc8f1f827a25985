import RembusWire

/// What the peer of one connection is told when what it is about is on the disk.
struct HeldAnswers {
    /// Answers that wait.
    var count = 0
    /// Methods that were exposed, which their provider has not been told: no call comes before that.
    var methods: Set<ExactText> = []
}
