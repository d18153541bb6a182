// The head that turns a sequence into one vector: which rows of the hidden states count
// (EmbeddingHead+Pooling.swift), through which dense layers they go (EmbeddingHead+Dense.swift),
// whether the vector is scaled to length one, and what is done to texts first.
// Sentence-transformers folders say it in modules.json and the files it leads to
// (EmbeddingHead+Folder.swift), GGUF files in `pooling_type`; otherwise encoders of text average,
// those of images take the first row and decoders the last token, all normalised.
package import SVFTFormats
package import SVFTLayers
package import SVFTTensor

/// Pooled hidden states → one vector per sequence.
package struct EmbeddingHead: Sendable, Equatable {
  /// Which rows make the vector; of several, what each gives stands side by side.
  package let poolings: [Pooling]
  /// What is done to what was pooled, one after the other.
  package internal(set) var layers: [Dense] = []
  /// Whether vectors have length one.
  package let normalizes: Bool
  /// Tokens after which the folder wants texts cut; nil where it says nothing.
  package let maximumTokens: Int?
  /// What the folder wants before every text; empty where nothing.
  package let prompt: String
  /// Whether the folder wants texts in lower case.
  package let lowercases: Bool

  package init(
    _ poolings: [Pooling], normalizes: Bool, maximumTokens: Int? = nil, prompt: String = "",
    lowercases: Bool = false
  ) {
    self.poolings = poolings
    self.normalizes = normalizes
    self.maximumTokens = maximumTokens
    self.prompt = prompt
    self.lowercases = lowercases
  }

  package init(
    _ pooling: Pooling, normalizes: Bool, maximumTokens: Int? = nil, prompt: String = "",
    lowercases: Bool = false
  ) {
    self.init(
      [pooling], normalizes: normalizes, maximumTokens: maximumTokens, prompt: prompt,
      lowercases: lowercases)
  }

  /// The rows that a graph of this head reads, of every sequence side by side.
  package var selection: [Selection.Piece] { poolings.map(\.piece) }

  /// Numbers of a vector, of a model whose hidden states have `hidden`.
  package func width(hidden: Int) -> Int {
    layers.last?.projection.rows ?? poolings.count * hidden
  }

  /// Records the vectors of pooled rows. [rows, poolings.count · hidden] → [rows, width(hidden)]
  package func record(_ pooled: Value, _ graph: Graph) throws(SVFTError) -> Value {
    var vector = pooled
    for layer in layers { vector = try layer.record(vector, graph) }
    return normalizes ? graph.normalize(vector) : vector
  }
}

extension EmbeddingHead {
  /// What a family does where nobody says otherwise.
  package static func usual(_ geometry: Geometry) -> EmbeddingHead {
    let pooling: Pooling = geometry.isCausal ? .last : geometry.grid == nil ? .mean : .cls
    return EmbeddingHead(pooling, normalizes: true)
  }

  /// Reads `pooling_type` of a GGUF file; nil where it says nothing of use (none, or ranking).
  package init?(gguf hyper: Hyperparameters) throws(SVFTError) {
    guard hyper.isGGUF, hyper.value("", gguf: "pooling_type") != nil else { return nil }
    let number = try hyper.integer("", gguf: "pooling_type", in: 0...4)
    guard let known = Pooling.allCases.first(where: { $0.gguf == number }) else { return nil }
    self.init(known, normalizes: true)
  }

  /// The one way of pooling in the numbers of GGUF files; nil where they have none for it.
  private var ggufPooling: Int? { poolings.count == 1 ? poolings[0].gguf : nil }

  /// The metadata that say this head in a GGUF file of architecture `name`; one that they cannot
  /// say is left to the reader (0).
  package func metadata(_ name: String) throws(SVFTError) -> [(key: String, value: GGUFValue)] {
    return [(key: "\(name).pooling_type", value: try .uint32(ggufPooling ?? 0))]
  }

  /// What a GGUF file cannot say of this head, one sentence each, for a model that reads `context`
  /// tokens: the format has a place for the pooling alone, and its readers scale every vector.
  package func losses(context: Int) -> [String] {
    var list: [String] = []
    if ggufPooling == nil {
      let words = poolings.map(\.rawValue).joined(separator: " and ")
      list.append("GGUF has no place for pooling by \(words): readers take rows by their own rule")
    }
    for layer in layers {
      list.append(
        "GGUF has no place for the dense layer from \(layer.projection.columns) to "
          + "\(layer.projection.rows) numbers behind the pooling: readers leave it out")
    }
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
