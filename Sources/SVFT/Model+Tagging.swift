// A class for each word of a text (TextWord.swift), where the model has a class for each token:
// that of the word's first token, as in training.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import SVFTText

/// A word of a text with its class.
public struct TaggedWord: Sendable, Equatable {
  /// The word as it stands in the text.
  public let text: String
  /// Where it begins and ends, in Unicode scalars of the text.
  public let range: Range<Int>
  /// Its most probable class.
  public let label: String
  /// The probability of that class.
  public let score: Double

  var json: JSON.Object {
    JSON.Object([
      ("text", .string(text)), ("start", .integer(range.lowerBound)),
      ("end", .integer(range.upperBound)), ("label", .string(label)), ("score", .number(score)),
    ])
  }
}

extension Model {
  /// Classes of the words of texts; the caller holds the gate.
  func tag(_ texts: [String], pairs: [String?]) throws(SVFTError) -> [Classification] {
    try network.heads.require(.tags)
    guard pairs.allSatisfy({ $0 == nil }) else {
      throw SVFTError(
        .invalidArgument, "expected texts alone for a class of each token, found pairs")
    }
    var results: [Classification] = []
    for (number, text) in texts.enumerated() {
      try gate.checkCancelled("tagging")
      results.append(try tag(text, "text \(number)"))
    }
    return results
  }

  private func tag(_ text: String, _ name: String) throws(SVFTError) -> Classification {
    let words = TextWord.all(in: text)
    let encoded = try tokenizer.encode(words: words.map(\.text))
    guard encoded.rows.contains(where: { $0 != nil }) else {
      throw SVFTError(.invalidArgument, "\(name): expected at least one token, found none")
    }
    try checkLength(encoded.ids.count, name)
    let outputs = try rowOutputs(.tags, Example(ids: encoded.ids))
    var tagged: [TaggedWord] = []
    for (word, row) in zip(words, encoded.rows) {
      guard let row else { continue }
      let probabilities = Statistics.softmax(outputs[row])
      let best = probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0
      tagged.append(
        TaggedWord(
          text: word.text, range: word.range, label: className(best), score: probabilities[best]))
    }
    var result = Classification(
      label: nil, score: Statistics.mean(tagged.map(\.score)), scores: [])
    result.words = tagged
    return result
  }

  /// What the head of a purpose gives at each row of one sequence; the caller holds the gate.
  func rowOutputs(_ purpose: Pass.Purpose, _ input: Example) throws(SVFTError) -> [[Float]] {
    let (count, width) = (
      input.ids.count, network.heads.outputs(purpose, hidden: hiddenWidth)
    )
    let pass = try network.pass(
      purpose,
      capacity: Pass.Capacity(
        rows: count, sequences: 1, headRows: min(count, Pass.headRows(outputs: width))))
    pass.batch.clear()
    try pass.batch.append(input.ids, segments: input.segments)
    try pass.forwardBody()
    var results: [[Float]] = []
    for first in stride(from: 0, to: count, by: pass.capacity.headRows) {
      let rows = Array(first..<min(count, first + pass.capacity.headRows))
      let outputs = try pass.forwardHead(rows: rows)
      try Pass.requireFinite(outputs, rows: rows.count, width: width) {
        "outputs of token \(first + $0)"
      }
      for row in rows.indices {
        results.append(
          Array(UnsafeBufferPointer(start: outputs + row * width, count: width)))
      }
    }
    return results
  }
}
