// Arithmetic on foreign numbers: sums and products that throw `.limit` instead of trapping.
//
// Whatever a file or a caller says about sizes goes through here before it meets `+`, `*` or
// `Int(_:)`.

/// Checked integer arithmetic. `what` names the quantity in the error's sentence.
package enum Checked {
  package static func sum(_ a: Int, _ b: Int, _ what: @autoclosure () -> String) throws(SVFTError)
    -> Int
  {
    let (result, overflow) = a.addingReportingOverflow(b)
    if overflow { throw SVFTError(.limit, "\(what()): \(a) + \(b) is beyond 64 bits") }
    return result
  }

  package static func product(_ a: Int, _ b: Int, _ what: @autoclosure () -> String)
    throws(SVFTError) -> Int
  {
    let (result, overflow) = a.multipliedReportingOverflow(by: b)
    if overflow { throw SVFTError(.limit, "\(what()): \(a) × \(b) is beyond 64 bits") }
    return result
  }

  /// The product of all dimensions; the empty shape (a scalar) has one element.
  package static func product(_ shape: [Int], _ what: @autoclosure () -> String) throws(SVFTError)
    -> Int
  {
    var total = 1
    for dimension in shape { total = try product(total, dimension, what()) }
    return total
  }

  /// A foreign integer as `Int`.
  package static func int(_ value: some BinaryInteger, _ what: @autoclosure () -> String)
    throws(SVFTError) -> Int
  {
    guard let result = Int(exactly: value) else {
      throw SVFTError(.limit, "\(what()): \(value) is beyond 63 bits")
    }
    return result
  }

  /// `value` if it lies in `range`, else `.invalidArgument` (or `kind`) with both named.
  package static func within<Number: Comparable>(
    _ value: Number, _ range: ClosedRange<Number>, _ what: @autoclosure () -> String,
    kind: SVFTError.Kind = .invalidArgument
  ) throws(SVFTError) -> Number {
    guard range.contains(value) else {
      throw SVFTError(
        kind, "\(what()): expected \(range.lowerBound) to \(range.upperBound), found \(value)")
    }
    return value
  }
}
