// A report of the library for people: a line for each value, in the report's order, a table of
// Markdown for a list of objects, and of long lists of numbers by name only the largest.
import SVFTFormats
public import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Report {
  /// "prefill.tokens_per_second 512.34": a line for each number or text of a JSON object; of more
  /// than eight numbers under one name the three largest.
  ///
  /// Throws `.format` for what is no JSON object.
  public static func text(of report: String) throws(SVFTError) -> String {
    try lines("", .object(JSON.parse(report).root("the report"))).joined(separator: "\n")
  }

  /// So many numbers by name are a line each; of more only the largest are shown.
  private static let most = 8
  private static let shownOfMore = 3

  private static func lines(_ name: String, _ value: JSON) throws(SVFTError) -> [String] {
    switch value {
    case .object(let object):
      if let line = summary(name, object) { return [line] }
      var result: [String] = []
      for (key, inner) in object.members {
        result += try lines(name.isEmpty ? key : "\(name).\(key)", inner)
      }
      return result
    case .array(let list):
      let rows = list.compactMap { row -> JSON.Object? in
        if case .object(let object) = row { object } else { nil }
      }
      if !rows.isEmpty, rows.count == list.count {
        return try ["", name, ""] + table(rows) + [""]
      }
      var cells: [String] = []
      for entry in list { cells.append(try cell(entry)) }
      return ["\(name) \(cells.joined(separator: " "))"]
    default: return ["\(name) \(try cell(value))"]
    }
  }

  /// Many numbers by name: how many, and the largest.
  private static func summary(_ name: String, _ object: JSON.Object) -> String? {
    let numbers = object.members.compactMap { key, value -> (key: String, number: Double)? in
      number(value).map { (key, $0) }
    }
    guard !name.isEmpty, numbers.count > most, numbers.count == object.keys.count else {
      return nil
    }
    let largest = numbers.sorted { $0.number > $1.number }
    guard largest[0].number != largest[largest.count - 1].number else {
      return "\(name) \(shown(largest[0].number)) in each of \(numbers.count)"
    }
    let words = largest.prefix(shownOfMore).map { "\($0.key) \(shown($0.number))" }
    return "\(name), the largest of \(numbers.count): \(words.joined(separator: ", "))"
  }

  /// A row for each object and a column for each key.
  private static func table(_ rows: [JSON.Object]) throws(SVFTError) -> [String] {
    var columns: [String] = []
    for row in rows { columns += row.keys.filter { !columns.contains($0) } }
    var lines = [columns, columns.map { _ in "---" }]
    for row in rows {
      var cells: [String] = []
      for key in columns { cells.append(try row[key].map(cell) ?? "") }
      lines.append(cells)
    }
    return lines.map { "| \($0.joined(separator: " | ")) |" }
  }

  private static func cell(_ value: JSON) throws(SVFTError) -> String {
    switch value {
    case .string(let text): text
    case .number(let number): shown(number)
    default: try value.text(.compact)
    }
  }

  private static func number(_ value: JSON) -> Double? {
    switch value {
    case .integer(let number): Double(number)
    case .number(let number): number
    default: nil
    }
  }

  /// Five digits that count.
  private static func shown(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return "\(value)" }
    let digits = 4 - Int(log10(abs(value)).rounded(.down))
    guard digits > 0 else { return abs(value) < 1e15 ? "\(Int(value.rounded()))" : "\(value)" }
    let scale = pow(10, Double(min(300, digits)))
    return "\((value * scale).rounded() / scale)"
  }
}
