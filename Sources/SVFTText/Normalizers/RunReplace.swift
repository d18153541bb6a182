// Regular expressions of "Replace" stages, as far as files use them: runs of blanks or of white
// space. Nothing foreign is run as an expression; one is known by its exact text.

/// Replaces runs of one class of characters.
struct RunReplace: Normalizer {
  /// White space of every kind, else blanks alone.
  let takesAllSpace: Bool
  /// The shortest run that counts.
  let least: Int
  let content: [UInt8]

  /// The known expressions.
  static let all: [String: (takesAllSpace: Bool, least: Int)] = [
    " +": (false, 1), " {2,}": (false, 2), "[ ]+": (false, 1), "[ ]{2,}": (false, 2),
    #"\s+"#: (true, 1), #"\s{2,}"#: (true, 2), #"\s"#: (true, 0),
  ]

  func normalized(_ text: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(text.count)
    var run: [UInt8] = []
    var length = 0
    func close() {
      if length > 0 { output += length >= max(1, least) ? content : run }
      run.removeAll(keepingCapacity: true)
      length = 0
    }
    text.forEachUnit(in: text.indices) { index, unit in
      let bytes = text[index..<index + unit.length]
      guard takesAllSpace ? unit.kind == .space : text[index] == 0x20 else {
        close()
        output += bytes
        return
      }
      run += bytes
      length += 1
      if least == 0 { close() }
    }
    close()
    return output
  }
}
