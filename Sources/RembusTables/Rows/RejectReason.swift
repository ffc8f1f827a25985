/// Why a publication gave no row (storage.md §4.9).
package struct RejectReason: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind, for counting; the raw value is stable.
    package enum Code: String, Sendable, CaseIterable {
        /// A column has neither a value nor a default, and must not be null.
        case missingColumn = "missing_column"
        /// A payload has fields, and none of them is a column.
        case unknownColumns = "unknown_columns"
        /// A positional payload has another number of values than the table has columns.
        case wrongCount = "wrong_count"
        /// A value is not of the column's type and cannot be made one.
        case cannotCast = "cannot_cast"
        /// A number or time does not fit the column's type.
        case outOfRange = "out_of_range"
        /// A number would become another one: it has a fraction, more digits than the column, or is no truth value.
        case inexact
        /// A key column is null.
        case nullKey = "null_key"
        /// A column that must not be null is null.
        case nullNotAllowed = "null_not_allowed"
        /// The payload is no CBOR array.
        case malformed
        /// Tag 80 is not around bytes.
        case notADataFrame = "not_a_dataframe"
        /// A value that rows are divided by cannot be the name of a folder.
        case partitionValue = "partition_value"
        /// The database refused the row for another reason.
        case database
    }

    package let code: Code
    /// A sentence for people; it may quote up to 40 characters of the payload.
    package let message: String
    /// The column that it is about.
    package let column: String?

    package init(_ code: Code, _ message: String, column: String? = nil) {
        self.code = code
        self.message = message
        self.column = column
    }

    /// The reason as a sentence.
    package var description: String { message }
}

/// The result of adding a publication.
package enum RowOutcome: Sendable, Equatable {
    case added
    case rejected(RejectReason)
}
