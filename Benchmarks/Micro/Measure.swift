/// Times small pieces of code and prints a table.
struct Measure {
    /// How long each piece runs, after as long a warm-up as one batch needs.
    private let duration = Duration.milliseconds(400)
    /// Only what contains this text runs.
    private let filter: String?

    init(filter: String?) {
        self.filter = filter
        print("benchmark".padded(56) + "ns/op".aligned(12) + "ops/s".aligned(16) + "MB/s".aligned(10))
    }

    func isWanted(_ name: String) -> Bool {
        filter.map { name.contains($0) } ?? true
    }

    /// Runs `body` as often as fits; the best of five rounds counts, as the others were disturbed.
    ///
    /// `bytes` is what one run works on, for the last column.
    func callAsFunction(_ name: String, bytes: Int? = nil, _ body: () -> Void) {
        guard isWanted(name) else { return }
        let clock = ContinuousClock()
        var batch = 1
        while clock.measure({ for _ in 0..<batch { body() } }) < .milliseconds(1) { batch *= 2 }
        var best = Double.infinity
        for _ in 0..<5 {
            var runs = 0
            let start = clock.now
            var elapsed = Duration.zero
            while elapsed < duration / 5 {
                for _ in 0..<batch { body() }
                runs += batch
                elapsed = clock.now - start
            }
            best = min(best, elapsed / .nanoseconds(1) / Double(runs))
        }
        let rate = bytes.map { "\(Int(Double($0) * 1000 / best))" } ?? ""
        print(
            name.padded(56) + rounded(best).aligned(12) + grouped(Int(1e9 / best)).aligned(16) + rate.aligned(10))
    }

    private func rounded(_ number: Double) -> String {
        number >= 1000 ? grouped(Int(number)) : "\((number * 10).rounded() / 10)"
    }

    private func grouped(_ number: Int) -> String {
        let digits = String(number)
        return digits.enumerated().reduce(into: "") { text, next in
            if next.offset > 0, (digits.count - next.offset) % 3 == 0 { text += "," }
            text.append(next.element)
        }
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
    fileprivate func aligned(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}

/// Keeps the optimiser from removing what computes a value that nobody uses.
@inline(never)
func use<T>(_ value: T) {}
