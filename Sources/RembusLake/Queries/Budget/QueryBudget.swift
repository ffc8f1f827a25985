import Synchronization

/// The resources that one client's statement may use, measured on the values that it processes.
///
/// DuckDB does not count what its functions allocate within a row, and checks only between chunks of at most 2048 rows
/// whether it has to stop. So checks are written into the statement's SQL, as calls of functions of our own
/// (``BudgetFunctions``): they get the same vectors as the function whose operands they check.
final class QueryBudget: Sendable {
    /// What a check measures of its operands.
    enum Measure: Int64 {
        /// The bytes of the values, of which the statement may hold several copies at a time.
        case held = 0
        /// The sum of lengths that DuckDB's functions have found, as bytes that are held.
        case lengths
        /// The bytes of the values over all rows, for aggregates whose result contains everything.
        case kept
        /// The bytes of each text, which is read once.
        case scanned
        /// The product of the lengths of all texts of a row.
        case product
        /// The square of each text's length.
        case square
        /// The same for texts with characters other than ASCII.
        case squareBeyondASCII
        /// The nesting of JSON, because recursive functions could end the process.
        case nesting
    }

    /// Identifies the statement in its own SQL.
    let token: Int64
    /// The bytes that all functions of the statement together may make of one chunk of rows.
    let maximumBytes: Int
    /// The work that one call may do on a chunk of rows, in hundredths of a nanosecond by a rough estimate; equal to
    /// some seconds.
    let maximumWork: Int
    /// Whether the statement has to end.
    private let mustStop: @Sendable () -> Bool
    /// How many copies of a chunk the statement makes, as far as it has been written.
    private let copies = Atomic(0)
    private let constantBytes = Atomic(0)
    /// How many columns an expression stands for.
    private let columns = Atomic(1)
    private let keptBytes = Atomic(0)
    private let isWritten = Atomic(false)
    private let reason = Mutex<String?>(nil)

    /// The deepest nesting of JSON.
    static let maximumNesting = 1000
    /// The bytes that all expressions of a statement may make without operands, for each row.
    private static let maximumConstantBytes = 128 << 10

    private static let live = Mutex<(next: Int64, budgets: [Int64: QueryBudget])>((1, [:]))

    /// The budget of a running statement.
    static func named(_ token: Int64) -> QueryBudget? { live.withLock { $0.budgets[token] } }

    private init(token: Int64, maximumBytes: Int, maximumWork: Int, mustStop: @escaping @Sendable () -> Bool) {
        (self.token, self.maximumBytes, self.maximumWork) = (token, maximumBytes, maximumWork)
        self.mustStop = mustStop
    }

    /// Runs `body` with a new budget. An error of the statement is replaced by the budget's reason, if there is one.
    static func with<Output>(
        _ limits: TableServices.Limits, on connection: DatabaseConnection, _ body: (QueryBudget) throws -> Output
    ) throws -> Output {
        let interrupter = connection.interrupter
        let budget = live.withLock { live in
            let budget = QueryBudget(
                token: live.next, maximumBytes: limits.maximumChunkBytes, maximumWork: limits.maximumChunkWork
            ) { interrupter.mustStop }
            live.next += 1
            live.budgets[budget.token] = budget
            return budget
        }
        defer { live.withLock { $0.budgets[budget.token] = nil } }
        do {
            return try body(budget)
        } catch {
            if let reason = budget.reason.withLock({ $0 }) { throw LakeError(.tooLarge, reason) }
            throw error
        }
    }

    // MARK: - While the SQL is written

    /// Whether a check was written.
    var isUsed: Bool { isWritten.load(ordering: .relaxed) }

    /// The copies that were added so far.
    var madeCopies: Int {
        let (made, overflows) = copies.load(ordering: .relaxed)
            .multipliedReportingOverflow(by: columns.load(ordering: .relaxed))
        return overflows ? .max : made
    }

    /// Adds what an expression makes of every row.
    func add(_ size: ValueSize, weight: Int = 1) throws(LakeError) {
        let size = size.times(weight)
        copies.wrappingAdd(min(size.copies, 1 << 30), ordering: .relaxed)
        constantBytes.wrappingAdd(min(size.bytes / weight, 1 << 30), ordering: .relaxed)
        guard constantBytes.load(ordering: .relaxed) <= Self.maximumConstantBytes else {
            throw LakeError(
                .invalid, "all expressions together may make \(Self.maximumConstantBytes) bytes of each row")
        }
    }

    /// Records that the expression that is being written stands for `count` columns.
    func repeats(_ count: Int) {
        columns.store(max(count, columns.load(ordering: .relaxed)), ordering: .relaxed)
    }

    /// An SQL condition that is true, or ends the statement.
    ///
    /// - Parameter anchor: A column or similar that the operands are made from; nil when they are constant.
    func condition(_ measure: Measure, weight: Int, _ operands: [String], anchor: String?) -> String {
        isWritten.store(true, ordering: .relaxed)
        let operands = operands + [anchor ?? "0"]
        return
            "\(BudgetFunctions.condition)(\(token), \(measure.rawValue), \(weight), \(operands.joined(separator: ", ")))"
    }

    /// SQL that returns `operand` unchanged and checks its size. It contains the operand's text twice.
    ///
    /// - Parameter element: The `unnest` in the same selection, if `operand` is evaluated once for each element.
    func checked(_ operand: String, beside element: String? = nil) -> String {
        let anchor = element.map(Self.isThere) ?? operand
        return "CASE WHEN \(condition(.held, weight: 1, [operand], anchor: anchor)) THEN \(operand) END"
    }

    /// SQL that returns `operand` unchanged and checks the size of all copies that `unnest` makes of it.
    ///
    /// - Parameters:
    ///   - length: The SQL of its length.
    ///   - element: The `unnest` in the same selection. Without it, DuckDB would evaluate the check only once for all
    ///     elements of a list.
    func checked(_ operand: String, length: String, beside element: String) -> String {
        "CASE WHEN \(condition(.lengths, weight: 1, [length], anchor: Self.isThere(element))) THEN \(operand) END"
    }

    /// A truth value for every element, instead of the element itself, which may be long.
    private static func isThere(_ element: String) -> String { "(\(element) IS NULL)" }

    /// SQL that returns `operand`, a text, unchanged and checks it.
    func text(_ measure: Measure, weight: Int, _ operand: String, anchor: String?) -> String {
        isWritten.store(true, ordering: .relaxed)
        return "\(BudgetFunctions.text)(\(token), \(measure.rawValue), \(weight), \(operand), \(anchor ?? "0"))"
    }

    // MARK: - While it runs

    /// Adds what a check has measured of a chunk. Returns why the statement must end; nil when it may continue.
    func take(_ measure: Measure, _ amount: Int, weight: Int) -> String? {
        if mustStop() { return "the query is stopped" }
        let factor = max(1, weight)
        let refusal: String?
        switch measure {
        case .held, .lengths:
            let copies = max(1, madeCopies)
            let total = amount.multipliedReportingOverflow(by: copies)
            refusal = total.overflow || total.partialValue > maximumBytes ? tooLarge(amount, copies) : nil
        case .kept:
            let total = keptBytes.wrappingAdd(amount, ordering: .relaxed).newValue
            let most = total.multipliedReportingOverflow(by: max(1, madeCopies))
            refusal = most.overflow || most.partialValue > maximumBytes ? tooLarge(total, madeCopies) : nil
        case .scanned, .product, .square, .squareBeyondASCII:
            let work = amount.multipliedReportingOverflow(by: factor)
            refusal =
                work.overflow || work.partialValue > maximumWork
                ? "a function of the query would take too long for texts of this length; shorten them with left or"
                    + " narrow the query with where" : nil
        case .nesting:
            refusal = amount > Self.maximumNesting ? "the JSON is nested more than \(Self.maximumNesting) deep" : nil
        }
        guard let refusal else { return nil }
        reason.withLock { if $0 == nil { $0 = refusal } }
        return refusal
    }

    private func tooLarge(_ bytes: Int, _ copies: Int) -> String {
        "the query would make up to \(copies) times \(bytes) bytes at once, and may make \(maximumBytes);"
            + " narrow it with where, or take less of the values, as with left"
    }
}
