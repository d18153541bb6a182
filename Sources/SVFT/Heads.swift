// The heads a model can run: which one serves which purpose, and what it records.
import SVFTLayers
import SVFTModels
import SVFTTensor

/// The heads of one model. The class head may be replaced by a fresh one before training.
struct Heads {
  let language: LanguageModelHead?
  var classes: ClassHead?
  let embedding: EmbeddingHead

  /// What the model is asked where nobody says: for classes, for next tokens, or for a vector.
  var usual: Pass.Purpose {
    if let classes, classes.foreignProblem == nil {
      return classes.isPerToken ? .tags : ofTexts
    }
    return language == nil ? .embedding : .language
  }

  /// What the class head is asked about a text as a whole.
  var ofTexts: Pass.Purpose { classes?.isMultiLabel == true ? .multiLabel : .classes }

  /// Which rows of the hidden states the head of a purpose reads of each sequence, side by side;
  /// none means rows chosen one by one.
  func selection(_ purpose: Pass.Purpose) -> [Selection.Piece] {
    switch purpose {
    case .language, .tags: []
    case .classes, .multiLabel, .score: [classes?.selection].compactMap { $0 }.map { .init($0) }
    case .embedding: embedding.selection
    }
  }

  /// Numbers per row that the head of a purpose gives.
  func outputs(_ purpose: Pass.Purpose, hidden: Int) -> Int {
    switch purpose {
    case .language: language?.projection.rows ?? 0
    case .classes, .multiLabel, .score, .tags: classes?.outputs ?? 0
    case .embedding: embedding.width(hidden: hidden)
    }
  }

  /// Rows side by side that the head of a purpose reads from each selected one on.
  func adjacentRows(_ purpose: Pass.Purpose) -> Int {
    switch purpose {
    case .language, .embedding, .tags: 1
    case .classes, .multiLabel, .score: classes?.adjacentRows ?? 1
    }
  }

  /// Throws `.unsupported` where there is no head for a purpose.
  func require(_ purpose: Pass.Purpose) throws(SVFTError) {
    if let fault = fault(purpose) { throw SVFTError(.unsupported, "expected \(fault)") }
  }

  /// What is missing for a purpose; nil where the head serves it.
  private func fault(_ purpose: Pass.Purpose) -> String? {
    switch purpose {
    case .embedding: return nil
    case .language:
      let fault = "a model that predicts tokens, found one without a language head"
      return language == nil ? fault : nil
    case .classes, .multiLabel, .score, .tags: break
    }
    guard let classes else {
      return "a model with a class or score head, found none: train one on labelled records"
    }
    if let problem = classes.foreignProblem {
      return "a class head, or a head of one score, found problem_type \(problem)"
    }
    guard classes.isPerToken == (purpose == .tags) else {
      return purpose == .tags
        ? "a model with a class for each token, found one with a head for whole texts"
        : "a model with a head for whole texts, found one with a class for each token"
    }
    if purpose == .multiLabel, !classes.isMultiLabel {
      return "a head of which several classes may hold (\"labels\"), found one of which one holds"
    }
    if purpose != .multiLabel, classes.isMultiLabel {
      return "a head of which one class holds, or of one score, found one of which several may: "
        + "its records have \"labels\", a list"
    }
    guard purpose == .score, classes.outputs != 1 else { return nil }
    return "a head with one output for numeric labels, found \(classes.outputs)"
  }

  /// Records the head: [rows, what it reads] → [rows, outputs]. Throws `.unsupported` where there
  /// is none.
  func record(
    _ purpose: Pass.Purpose, _ hidden: Value, _ graph: Graph
  ) throws(SVFTError) -> Value {
    try require(purpose)
    let output: Value? =
      switch purpose {
      case .language: try language?.record(hidden, graph)
      case .classes, .multiLabel, .score, .tags: try classes?.record(hidden, graph)
      case .embedding: try embedding.record(hidden, graph)
      }
    guard let output else {
      throw SVFTError(.internal, "libsvft is at fault: a head was required and is not there")
    }
    return output
  }

  /// Records the loss on the head's outputs.
  func recordLoss(_ purpose: Pass.Purpose, _ output: Value, _ graph: Graph) throws(SVFTError) {
    switch purpose {
    case .language, .classes, .tags: graph.crossEntropy(output)
    case .multiLabel: graph.binaryCrossEntropy(output)
    case .score: graph.squaredError(output)
    case .embedding:
      throw SVFTError(
        .unsupported, "expected labels to train on; vectors have no loss of their own")
    }
  }
}
