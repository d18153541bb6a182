// Arithmetic of the template language, after Python: whole numbers stay whole but for `/`, `//` and
// `%` round towards minus infinity, and what needs more than 63 bits is an error.
import SVFTTensor

/// The operators on numbers.
enum TemplateArithmetic {
  /// Throws `.data` for what are no numbers and for division by zero, `.limit` for overflow.
  static func combined(
    _ operation: TemplateExpression.Operator, _ left: TemplateValue, _ right: TemplateValue
  ) throws(SVFTError) -> TemplateValue {
    if operation != .divide, let a = left.whole, let b = right.whole {
      guard operation == .power, b < 0 else { return .integer(try whole(operation, a, b)) }
      let (exponent, isBeyond) = (0).subtractingReportingOverflow(b)
      guard a != 0, !isBeyond else { throw zero }
      return .number(1 / Double(try power(a, exponent)))
    }
    guard let a = left.real, let b = right.real else {
      throw SVFTError(
        .data,
        "expected values that “\(operation.rawValue)” takes, found \(left.kind) and \(right.kind)")
    }
    let result = try real(operation, a, b)
    guard result.isFinite || !a.isFinite || !b.isFinite else { throw overflow }
    return .number(result)
  }

  /// The whole number towards zero. Throws `.limit` beyond 63 bits, `.data` for what is no number.
  static func truncated(_ real: Double) throws(SVFTError) -> Int {
    guard !real.isNaN else { throw SVFTError(.data, "expected a number, found NaN") }
    guard let whole = Int(exactly: real.rounded(.towardZero)) else { throw overflow }
    return whole
  }

  static var overflow: SVFTError {
    SVFTError(.limit, "expected a result within 63 bits or a double, found a greater one")
  }

  private static var zero: SVFTError { SVFTError(.data, "expected no division by zero") }

  private static func whole(
    _ operation: TemplateExpression.Operator, _ a: Int, _ b: Int
  ) throws(SVFTError) -> Int {
    let (result, isBeyond): (Int, Bool)
    switch operation {
    case .add: (result, isBeyond) = a.addingReportingOverflow(b)
    case .subtract: (result, isBeyond) = a.subtractingReportingOverflow(b)
    case .multiply: (result, isBeyond) = a.multipliedReportingOverflow(by: b)
    case .power: return try power(a, b)
    default:
      guard b != 0 else { throw zero }
      let (quotient, isBig) = a.dividedReportingOverflow(by: b)
      let (rest, _) = a.remainderReportingOverflow(dividingBy: b)
      let isBelow = rest != 0 && (rest < 0) != (b < 0)
      let isRemainder = operation == .remainder
      (result, isBeyond) =
        isRemainder
        ? (isBelow ? rest + b : rest, false)
        : (isBelow ? quotient - 1 : quotient, isBig)
    }
    if isBeyond { throw overflow }
    return result
  }

  private static func power(_ base: Int, _ exponent: Int) throws(SVFTError) -> Int {
    if base == 0 || base == 1 { return exponent == 0 ? 1 : base }
    if base == -1 { return exponent % 2 == 0 ? 1 : -1 }
    guard exponent < 63 else { throw overflow }
    var result = 1
    for _ in 0..<exponent {
      let (product, isBeyond) = result.multipliedReportingOverflow(by: base)
      if isBeyond { throw overflow }
      result = product
    }
    return result
  }

  private static func real(
    _ operation: TemplateExpression.Operator, _ a: Double, _ b: Double
  ) throws(SVFTError) -> Double {
    switch operation {
    case .add: return a + b
    case .subtract: return a - b
    case .multiply: return a * b
    case .power: throw SVFTError(.unsupported, "powers of broken numbers are not known")
    case .divide, .join:
      guard b != 0 else { throw zero }
      return a / b
    case .floorDivide:
      guard b != 0 else { throw zero }
      return (a / b).rounded(.down)
    case .remainder:
      guard b != 0 else { throw zero }
      let rest = a.truncatingRemainder(dividingBy: b)
      return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
    }
  }
}
