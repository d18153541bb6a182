// What merging did to a model: shares of the change that rounded formats held, and the perplexity
// of a text before and after.
//
//   unmerged   W plus the change in full
//   merged     the file that was written
//   naive      where a quantisation-aware adapter is merged: what q(W + ΔW) would have given
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import SVFTText

extension Model {
  /// Mean and lowest share, the naive one beside it; nil where nothing rounds.
  static func transmission(_ tensors: [MergedTensor]) -> JSON? {
    let shares = tensors.compactMap { tensor in
      tensor.transmitted.map { (tensor.slot.name, $0) }
    }
    guard var report = summary(of: shares) else { return nil }
    let naive = tensors.compactMap { tensor in
      tensor.transmittedNaively.map { (tensor.slot.name, $0) }
    }
    if let naive = summary(of: naive) { report["naive"] = .object(naive) }
    return .object(report)
  }

  private static func summary(of shares: [(name: String, share: Double)]) -> JSON.Object? {
    guard let lowest = shares.min(by: { $0.share < $1.share }) else { return nil }
    let mean = shares.reduce(0) { $0 + $1.share } / Double(shares.count)
    return JSON.Object([
      ("mean", .number(mean)),
      (
        "lowest",
        .object(
          JSON.Object([("tensor", .string(lowest.name)), ("share", .number(lowest.share))]))
      ),
    ])
  }

  /// Perplexities of a text on this model and on `saved`, nil where tokens are not predicted. The
  /// caller holds the gate of both.
  func perplexities(_ text: String, _ saved: Model) throws(SVFTError) -> JSON? {
    guard network.heads.language != nil, let data = try probeData(text) else { return nil }
    func perplexity(_ model: Model) throws(SVFTError) -> JSON {
      let evaluation = try Evaluator(
        network: model.network, gate: gate, classes: []
      ).evaluate(data)
      return evaluation.perplexity.map { .number($0) } ?? .null
    }
    var report = JSON.Object()
    if adapters.contains(where: { $0.rounded != nil }) {
      report["unmerged"] = try rounding({ (_) throws(SVFTError) in nil }) { () throws(SVFTError) in
        try perplexity(self)
      }
      report["naive"] = try rounding({ (adapter) throws(SVFTError) in
        try .naive(adapter.method, scale: adapter.scale, threads: network.threads)
      }) { () throws(SVFTError) in try perplexity(self) }
    } else {
      report["unmerged"] = try perplexity(self)
    }
    report["merged"] = try perplexity(saved)
    return .object(report)
  }

  /// The text in pieces of at most 512 tokens; nil where it has fewer than two.
  private func probeData(_ text: String) throws(SVFTError) -> Dataset? {
    let ids = try tokenizer.encode(text, addSpecial: true, parseSpecial: false)
    let length = min(512, contextLength)
    var examples: [Example] = []
    for first in stride(from: 0, to: ids.count - 1, by: length) {
      let piece = Array(ids[first..<min(ids.count, first + length)])
      if piece.count > 1 {
        let example = Example(ids: piece, labels: Array(piece.dropFirst()) + [-100])
        examples.append(example.repeated(from: network.geometry.startToken))
      }
    }
    guard !examples.isEmpty else { return nil }
    return Dataset(
      examples: examples, task: .language, classes: [], dropped: 0, isRunningText: true)
  }

  /// Does something with the rounded matrices of quantisation-aware adapters replaced.
  private func rounding<Result>(
    _ other: (Adapter.Attached) throws(SVFTError) -> RoundedModules?,
    _ body: () throws(SVFTError) -> Result
  ) throws(SVFTError) -> Result {
    let before = adapters.flatMap(\.method.projections).map { ($0, $0.attachments) }
    defer {
      for (projection, attachments) in before { projection.attachments = attachments }
      network.invalidate()
    }
    for adapter in adapters where adapter.rounded != nil {
      let rounded = try other(adapter)
      for projection in adapter.method.projections {
        projection.attachments = projection.attachments.map { attachment in
          guard attachment.adapter === adapter.method else { return attachment }
          return Attachment(
            attachment.adapter, scale: attachment.scale, rounded: rounded?.matrix(projection))
        }
      }
    }
    network.invalidate()
    return try body()
  }
}
