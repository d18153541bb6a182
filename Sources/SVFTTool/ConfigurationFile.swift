// `--config FILE`: a YAML or JSON file whose keys are the long flags of the command (learning_rate
// or learning-rate, model, data …).
//
// Its entries are put in front of the flags of the command line, before either is parsed: so a file
// knows exactly what the command knows, and a flag given beside it wins. A key that is no flag of
// the command is refused by name, with the nearest one that is.
import Foundation
import SVFT
import Yams

/// A file of flags.
package enum ConfigurationFile {
  /// The arguments with the flags of the file that `--config` names. Throws `.io`, `.format`,
  /// `.invalidArgument` for an unknown key.
  package static func expand(_ arguments: [String]) throws -> [String] {
    guard let (path, rest) = taken(from: arguments), let command = rest.first else {
      return arguments
    }
    return try [command] + flags(in: path, of: command) + rest.dropFirst()
  }

  /// The path after `--config`, and the arguments without the two.
  private static func taken(from arguments: [String]) -> (path: String, rest: [String])? {
    var rest = arguments
    let end = rest.firstIndex(of: "--") ?? rest.endIndex
    guard let place = rest[..<end].firstIndex(where: { $0.hasPrefix("--config") }) else {
      return nil
    }
    if rest[place].hasPrefix("--config=") {
      return (String(rest.remove(at: place).dropFirst("--config=".count)), rest)
    }
    guard rest[place] == "--config", place + 1 < rest.endIndex else { return nil }
    let path = rest.remove(at: place + 1)
    rest.remove(at: place)
    return (path, rest)
  }

  private static func flags(in path: String, of command: String) throws -> [String] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw SVFTError(.io, "\(path): expected a configuration file, found none to read")
    }
    let parsed: Any?
    do {
      parsed = try Yams.load(yaml: String(decoding: data, as: UTF8.self))
    } catch {
      throw SVFTError(.format, "\(path): expected YAML or JSON: \(error)")
    }
    guard let object = parsed as? [String: Any] else {
      throw SVFTError(.format, "\(path): expected keys with values, found something else")
    }
    let known = Tool.longFlags(of: command).filter { $0 != "config" }
    return try object.sorted { $0.key < $1.key }.flatMap { key, value in
      let flag = key.replacingOccurrences(of: "_", with: "-")
      guard known.contains(flag) else { throw unknown(key, flag, known, path) }
      return try arguments(flag, value, path)
    }
  }

  private static func unknown(
    _ key: String, _ flag: String, _ known: [String], _ path: String
  ) -> SVFTError {
    let nearest = known.min { distance($0, flag) < distance($1, flag) }
    let hint = nearest.map { "did you mean \($0.replacingOccurrences(of: "-", with: "_"))?" }
    return SVFTError(
      .invalidArgument,
      "\(path): \(key): expected a long flag of the command; \(hint ?? "it has none")")
  }

  /// Letters to add, drop or change on the way from one word to the other.
  private static func distance(_ a: String, _ b: String) -> Int {
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var (diagonal, left) = (row[0], i + 1)
      row[0] = left
      for (j, y) in b.enumerated() {
        left = min(left + 1, row[j + 1] + 1, diagonal + (x == y ? 0 : 1))
        (diagonal, row[j + 1]) = (row[j + 1], left)
      }
    }
    return row[b.count]
  }

  /// One entry: true is the flag alone, a list repeats it, an object is its JSON text.
  private static func arguments(_ key: String, _ value: Any, _ path: String) throws -> [String] {
    switch value {
    case let truth as Bool: return truth ? ["--\(key)"] : []
    case let list as [Any]: return try list.flatMap { try arguments(key, $0, path) }
    case let object as [String: Any]:
      guard JSONSerialization.isValidJSONObject(object) else {
        throw SVFTError(.format, "\(path): \(key): expected plain values, found something else")
      }
      let data = try JSONSerialization.data(withJSONObject: object, options: .sortedKeys)
      return ["--\(key)=\(String(decoding: data, as: UTF8.self))"]
    case is NSNull: return []
    default: return ["--\(key)=\(value)"]
    }
  }
}
