// The head that turns a sequence into one vector: which rows of the hidden states count, and
// whether the vector is scaled to length one. Sentence-transformers folders say it in modules.json
// and the pooling module's config.json, GGUF files in `pooling_type`; otherwise encoders of text
// average, those of images take the first row and decoders the last token, all normalised.
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

  /// How the rows of a sequence become one.
  package enum Pooling: String, Sendable { case mean, cls, last }

  package init(_ pooling: Pooling, normalizes: Bool, maximumTokens: Int? = nil) {
    self.pooling = pooling
    self.normalizes = normalizes
    self.maximumTokens = maximumTokens
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

  /// Reads the modules of a sentence-transformers folder; nil where it is none.
  package init?(folder: String) throws(SVFTError) {
    let list = FileSystem.join(folder, "modules.json")
    guard try FileSystem.isFile(list) else { return nil }
    var pooling = Pooling.mean
    var normalizes = false
    for (number, module) in try JSON.read(list).array(list).enumerated() {
      let module = try module.object("\(list): [\(number)]")
      let kind = try module.string("type")
      switch kind.split(separator: ".").last {
      case "Transformer": continue
      case "Normalize": normalizes = true
      case "Pooling":
        // The path is the file's: it must stay a name inside the folder.
        let name = try module.string("path")
        guard !name.contains("/"), !name.hasPrefix("..") else {
          throw SVFTError(
            .format, "\(list): expected a folder's name, found \(name.debugDescription)")
        }
        let file = FileSystem.join(FileSystem.join(folder, name), "config.json")
        pooling = try Self.pooling(JSON.read(file).root(file), file)
      default:
        throw SVFTError(
          .unsupported, "\(list): the module \(kind.debugDescription) is not supported")
      }
    }
    let maximum = try Self.maximumTokens(folder)
    self.init(pooling, normalizes: normalizes, maximumTokens: maximum)
  }

  private static func pooling(_ config: JSON.Object, _ file: String) throws(SVFTError) -> Pooling {
    let modes: [(key: String, pooling: Pooling)] = [
      ("pooling_mode_mean_tokens", .mean), ("pooling_mode_cls_token", .cls),
      ("pooling_mode_lasttoken", .last),
    ]
    var chosen: [Pooling] = []
    for (key, pooling) in modes where try config.bool(key, default: false) {
      chosen.append(pooling)
    }
    for key in ["pooling_mode_max_tokens", "pooling_mode_mean_sqrt_len_tokens"] {
      if try config.bool(key, default: false) {
        throw SVFTError(.unsupported, "\(file): \(key) is not supported")
      }
    }
    guard chosen.count == 1, let pooling = chosen.first else {
      throw SVFTError(.unsupported, "\(file): expected one pooling mode, found \(chosen.count)")
    }
    return pooling
  }

  private static func maximumTokens(_ folder: String) throws(SVFTError) -> Int? {
    let file = FileSystem.join(folder, "sentence_bert_config.json")
    guard try FileSystem.isFile(file) else { return nil }
    let config = try JSON.read(file).root(file)
    guard config.has("max_seq_length") else { return nil }
    return try Checked.within(
      config.int("max_seq_length"), 1...(1 << 28), "\(file): max_seq_length", kind: .format)
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
}
