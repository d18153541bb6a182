// The leaves of a JSON text: strings with their escapes, and numbers. A number whose digits fit 53
// bits and whose power of ten is at most 22 is one exact multiplication or division away from its
// double (Clinger, "How to read floating point numbers accurately"); the rest go through Swift's
// own conversion, which rounds correctly and knows no locale.
import SVFTTensor

extension JSONParser {
  /// The string at the position, which is at its opening quote.
  mutating func string() throws(SVFTError) -> String {
    position += 1
    let start = position
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        let text = String(
          decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
        position += 1
        return text
      }
      if byte == UInt8(ascii: "\\") { return try stringWithEscapes(from: start) }
      if byte < 0x20 { throw failure("expected an escape in a string, found byte \(byte)") }
      position += 1
    }
    throw failure("expected the end of a string, found the end of the text")
  }

  private mutating func stringWithEscapes(from start: Int) throws(SVFTError) -> String {
    scratch.removeAll(keepingCapacity: true)
    scratch.append(contentsOf: bytes[start..<position])
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        position += 1
        return String(decoding: scratch, as: UTF8.self)
      }
      if byte < 0x20 { throw failure("expected an escape in a string, found byte \(byte)") }
      position += 1
      if byte == UInt8(ascii: "\\") { try escape() } else { scratch.append(byte) }
    }
    throw failure("expected the end of a string, found the end of the text")
  }

  /// Decodes what follows a backslash into `scratch`.
  private mutating func escape() throws(SVFTError) {
    let letter = current
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): scratch.append(letter)
    case UInt8(ascii: "n"): scratch.append(0x0A)
    case UInt8(ascii: "t"): scratch.append(0x09)
    case UInt8(ascii: "r"): scratch.append(0x0D)
    case UInt8(ascii: "b"): scratch.append(0x08)
    case UInt8(ascii: "f"): scratch.append(0x0C)
    case UInt8(ascii: "u"):
      position += 1
      scratch.append(contentsOf: String(Character(try scalar())).utf8)
      return
    default: throw failure("expected an escape, found \(found)")
    }
    position += 1
  }

  /// The code point of \uXXXX, or of two of them that make a surrogate pair.
  private mutating func scalar() throws(SVFTError) -> Unicode.Scalar {
    let start = position
    let first = try hexadecimal()
    if let scalar = Unicode.Scalar(first) { return scalar }
    if first < 0xDC00, current == UInt8(ascii: "\\") {
      position += 1
      if current == UInt8(ascii: "u") {
        position += 1
        let second = try hexadecimal()
        if (0xDC00...0xDFFF).contains(second),
          let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        {
          return scalar
        }
      }
    }
    if position < bytes.count { position = start }
    throw failure("expected a surrogate pair, found one half")
  }

  private mutating func hexadecimal() throws(SVFTError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      switch current {
      case let byte where isDigit(byte): value = value << 4 | UInt32(byte & 0x0F)
      case let byte where (0x41...0x46).contains(byte & 0xDF):
        value = value << 4 | UInt32((byte & 0x0F) + 9)
      default: throw failure("expected a hexadecimal digit, found \(found)")
      }
      position += 1
    }
    return value
  }

  /// The number at the position, which is at its sign or first digit.
  mutating func number() throws(SVFTError) -> JSON {
    let start = position
    let negative = current == UInt8(ascii: "-")
    if negative { position += 1 }
    var digits = Digits()
    let leadingZero = current == UInt8(ascii: "0")
    let whole = try digitRun(&digits)
    if leadingZero && whole > 1 {
      position = start
      throw failure("a number begins with a superfluous 0")
    }
    var isInteger = true
    if current == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      digits.exponent -= try digitRun(&digits)
    }
    if current | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      position += 1
      let below = current == UInt8(ascii: "-")
      if below || current == UInt8(ascii: "+") { position += 1 }
      var power = Digits()
      _ = try digitRun(&power)
      // Clamped: any power beyond the number's length plus 400 is zero or infinite anyway.
      let size = power.exact ? Int(min(power.mantissa, 100_000)) : 100_000
      digits.exponent += below ? -size : size
    }
    if position - start > Limits.jsonNumberBytes {
      throw failure("a number of more than \(Limits.jsonNumberBytes) bytes", kind: .limit)
    }
    if isInteger, let value = digits.integer(negative: negative) { return value }
    return .number(try double(digits, negative: negative, from: start))
  }

  /// Steps over one or more digits and gives their count.
  private mutating func digitRun(_ digits: inout Digits) throws(SVFTError) -> Int {
    let start = position
    while isDigit(current) {
      digits.append(current - 0x30)
      position += 1
    }
    if position == start { throw failure("expected a digit, found \(found)") }
    return position - start
  }

  private mutating func double(_ digits: Digits, negative: Bool, from start: Int) throws(SVFTError)
    -> Double
  {
    if digits.exact, digits.mantissa <= 1 << 53, abs(digits.exponent) <= 22 {
      let power = Self.powersOfTen[abs(digits.exponent)]
      let mantissa = Double(digits.mantissa)
      let value = digits.exponent < 0 ? mantissa / power : mantissa * power
      return negative ? -value : value
    }
    let text = String(
      decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
    guard let value = Double(text), value.isFinite else {
      position = start
      throw failure("the number \(text.prefix(40)) is beyond a double")
    }
    return value
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  /// 10^0 … 10^22, the powers of ten that are doubles exactly.
  private static let powersOfTen: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]
}

/// The digits of a number as an integer and a power of ten, as long as they fit 64 bits.
private struct Digits {
  var mantissa: UInt64 = 0
  var exponent = 0
  var exact = true

  mutating func append(_ digit: UInt8) {
    let (tens, over) = mantissa.multipliedReportingOverflow(by: 10)
    let (sum, beyond) = tens.addingReportingOverflow(UInt64(digit))
    if over || beyond { exact = false }
    mantissa = sum
  }

  /// The integer, if it fits 64 bits.
  func integer(negative: Bool) -> JSON? {
    guard exact else { return nil }
    if !negative { return Int(exactly: mantissa).map { .integer($0) } ?? .unsigned(mantissa) }
    if mantissa == 1 << 63 { return .integer(.min) }
    return Int(exactly: mantissa).map { .integer(-$0) }
  }
}
