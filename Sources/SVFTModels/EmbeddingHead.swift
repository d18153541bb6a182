// The head that turns a sequence into one vector: which rows of the hidden states count, whether
// the vector is scaled to length one, and what is done to texts first. Sentence-transformers
// folders say it in modules.json and the files it leads to (EmbeddingHead+Folder.swift), GGUF files
// in `pooling_type`; otherwise encoders of text average, those of images take the first row and
// decoders the last token, all normalised.
package import SVFTFormats
package import SVFTLayers
package import SVFTTensor

/// Pooled hidden states → one vector per sequence.
package struct EmbeddingHead: Sendable, Equatable {
  /// Which rows make the vector.
  package let pooling: Pooling
  /// Whether vectors have length one.
  package let normalizes: Bool
  /// Tokens after which the folder wants texts cut; nil where it says nothing.
  package let maximumTokens: Int?
  /// What the folder wants before every text; empty where nothing.
  package let prompt: String
  /// Whether the folder wants texts in lower case.
  package let lowercases: Bool

  /// How the rows of a sequence become one.
  package enum Pooling: String, Sendable { case mean, cls, last }

  package init(
    _ pooling: Pooling, normalizes: Bool, maximumTokens: Int? = nil, prompt: String = "",
    lowercases: Bool = false
  ) {
    self.pooling = pooling
    self.normalizes = normalizes
    self.maximumTokens = maximumTokens
    self.prompt = prompt
    self.lowercases = lowercases
  }

  /// The rows that a graph of this head reads.
  package var selection: Selection.Rule {
    switch pooling {
    case .mean: .mean
    case .cls: .first
    case .last: .last
    }
  }

  /// Records the vectors of pooled rows. [rows, hiddenWidth] → [rows, hiddenWidth]
  package func record(_ pooled: Value, _ graph: Graph) -> Value {
    normalizes ? graph.normalize(pooled) : pooled
  }
}

extension EmbeddingHead {
  /// What a family does where nobody says otherwise.
  package static func usual(_ geometry: Geometry) -> EmbeddingHead {
    let pooling: Pooling = geometry.isCausal ? .last : geometry.grid == nil ? .mean : .cls
    return EmbeddingHead(pooling, normalizes: true)
  }

  /// `pooling_type` of GGUF files, in llama.cpp's numbers.
  package static let ggufPooling: [(pooling: Pooling, number: Int)] = [
    (.mean, 1), (.cls, 2), (.last, 3),
  ]

  /// Reads `pooling_type` of a GGUF file; nil where it says nothing of use (none, or ranking).
  package init?(gguf hyper: Hyperparameters) throws(SVFTError) {
    guard hyper.isGGUF, hyper.value("", gguf: "pooling_type") != nil else { return nil }
    let number = try hyper.integer("", gguf: "pooling_type", in: 0...4)
    guard let known = Self.ggufPooling.first(where: { $0.number == number }) else { return nil }
    self.init(known.pooling, normalizes: true)
  }

  /// The metadata that say this head in a GGUF file of architecture `name`.
  package func metadata(_ name: String) throws(SVFTError) -> [(key: String, value: GGUFValue)] {
    let number = Self.ggufPooling.first { $0.pooling == pooling }?.number ?? 0
    return [(key: "\(name).pooling_type", value: try .uint32(number))]
  }

  /// What a GGUF file cannot say of this head, one sentence each, for a model that reads `context`
  /// tokens: the format has a place for the pooling alone, and its readers scale every vector.
  package func losses(context: Int) -> [String] {
    var list: [String] = []
    if !normalizes {
      list.append("GGUF has no place for that vectors keep their length: readers scale it to one")
    }
    if !prompt.isEmpty {
      list.append("GGUF has no place for the prompt \(prompt.debugDescription) before every text")
    }
    if lowercases {
      list.append("GGUF has no place for that texts are brought into lower case")
    }
    if let maximumTokens, maximumTokens < context {
      list.append("GGUF has no place for that texts are cut after \(maximumTokens) tokens")
    }
    return list
  }
}
