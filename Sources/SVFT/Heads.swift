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
    if let classes, classes.foreignProblem == nil { return classes.isPerToken ? .tags : .classes }
    return language == nil ? .embedding : .language
  }

  /// Which rows of the hidden states the head of a purpose reads; nil means rows chosen one by one.
  func selection(_ purpose: Pass.Purpose) -> Selection.Rule? {
    switch purpose {
    case .language, .tags: nil
    case .classes, .score: classes?.selection
    case .embedding: embedding.selection
    }
  }

  /// Numbers per row that the head of a purpose gives.
  func outputs(_ purpose: Pass.Purpose, hidden: Int) -> Int {
    switch purpose {
    case .language: language?.projection.rows ?? 0
    case .classes, .score, .tags: classes?.outputs ?? 0
    case .embedding: hidden
    }
  }

  /// Rows side by side that the head of a purpose reads from each selected one on.
  func adjacentRows(_ purpose: Pass.Purpose) -> Int {
    switch purpose {
    case .language, .embedding, .tags: 1
    case .classes, .score: classes?.adjacentRows ?? 1
    }
  }

  /// Throws `.unsupported` where there is no head for a purpose.
  func require(_ purpose: Pass.Purpose) throws(SVFTError) {
    switch purpose {
    case .language where language == nil:
      throw SVFTError(
        .unsupported, "expected a model that predicts tokens, found one without a language head")
    case .classes where classes == nil, .score where classes == nil, .tags where classes == nil:
      throw SVFTError(
        .unsupported,
        "expected a model with a class or score head, found none: train one on labelled records")
    case .classes where classes?.foreignProblem != nil,
      .score where classes?.foreignProblem != nil:
      throw SVFTError(
        .unsupported,
        "expected a class head of which one class holds, or of one score, found problem_type "
          + (classes?.foreignProblem ?? ""))
    case .tags where classes?.isPerToken == false:
      throw SVFTError(
        .unsupported,
        "expected a model with a class for each token, found one with a head for whole texts")
    case .classes where classes?.isPerToken == true, .score where classes?.isPerToken == true:
      throw SVFTError(
        .unsupported,
        "expected a model with a head for whole texts, found one with a class for each token")
    case .score where outputs(.score, hidden: 0) != 1:
      throw SVFTError(
        .unsupported,
        "expected a head with one output for numeric labels, found \(outputs(.score, hidden: 0))")
    default: break
    }
  }

  /// Records the head: [rows, hidden] → [rows, outputs]. Throws `.unsupported` where there is none.
  func record(
    _ purpose: Pass.Purpose, _ hidden: Value, _ graph: Graph
  ) throws(SVFTError) -> Value {
    try require(purpose)
    let output: Value? =
      switch purpose {
      case .language: try language?.record(hidden, graph)
      case .classes, .score, .tags: try classes?.record(hidden, graph)
      case .embedding: embedding.record(hidden, graph)
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
    case .score: graph.squaredError(output)
    case .embedding:
      throw SVFTError(
        .unsupported, "expected labels to train on; vectors have no loss of their own")
    }
  }
}
