// What a family of models is to the rest of the tree, and the list of the families there are.
//
// A family describes its forward pass once, as a recording; everything else (adapters, training,
// merging, writing) goes by the lists it gives out: projections for methods, slots for full
// fine-tuning and export. Names are canonical, as Hugging Face spells them. A new family is one
// file and one line in the list.
package import SVFTFormats
package import SVFTLayers
package import SVFTTensor

/// The sizes of a model that its users need to know.
package struct Geometry: Sendable, Equatable {
  package let hiddenWidth: Int
  package let vocabularySize: Int
  /// Longest sequence the positions allow.
  package let contextLength: Int
  package let layers: Int
  /// Width of one token's keys in a cache: key-value heads × head width.
  package let keyValueWidth: Int
  /// Whether a token sees only what came before it: decoders generate, encoders do not.
  package let isCausal: Bool
  /// How many segments a sequence may have; 0 where the family knows none.
  package let segments: Int
  /// How images become rows; nil where the model reads tokens.
  package let grid: PatchGrid?
  /// Whether longer texts than `contextLength` cannot be: positions without rows of their own, or
  /// beyond what rotation was trained for.
  package var isContextBound = true
  /// What the decoder of an encoder-decoder begins with; nil where there is one text alone.
  package var startToken: Int32?
  /// How rotation changes in longer sequences; nil where it does not.
  package var rotationChange: RotaryEmbedding.Beyond?

  package init(
    hiddenWidth: Int, vocabularySize: Int, contextLength: Int, layers: Int, keyValueWidth: Int
  ) {
    self.init(
      hiddenWidth: hiddenWidth, vocabularySize: vocabularySize, contextLength: contextLength,
      layers: layers, keyValueWidth: keyValueWidth, isCausal: true, segments: 0)
  }

  package init(
    hiddenWidth: Int, vocabularySize: Int, contextLength: Int, layers: Int, keyValueWidth: Int,
    isCausal: Bool, segments: Int, grid: PatchGrid? = nil
  ) {
    self.hiddenWidth = hiddenWidth
    self.vocabularySize = vocabularySize
    self.contextLength = contextLength
    self.layers = layers
    self.keyValueWidth = keyValueWidth
    self.isCausal = isCausal
    self.segments = segments
    self.grid = grid
  }
}

extension Geometry {
  /// Whether cached rows of a sequence of `length` tokens are also those of one of `other` tokens;
  /// nil is a sequence whose rows were not all computed at one rotation.
  package func serves(rowsOf length: Int?, in other: Int) -> Bool {
    guard let change = rotationChange else { return true }
    return length.map { change.serves(rowsOf: $0, in: other) } ?? false
  }

  /// Tokens of a sequence that has grown from `count` to where it is computed again, before it has
  /// `end`; 0 where it never is. The last token of a text is not computed.
  package func restart(from count: Int, to end: Int) -> Int {
    guard let change = rotationChange, change.isOneStep, count <= change.length,
      end - 1 > change.length
    else { return 0 }
    return change.length + 1
  }

  /// Whether a sequence that grows to `length` tokens is computed again from its beginning.
  package func restarts(rowsOf old: Int?, at length: Int) -> Bool {
    rotationChange?.isOneStep == true && !serves(rowsOf: old, in: length)
  }
}

/// How a file holds a tensor, beside the canonical one.
package struct FileLayout: Sendable, Equatable {
  package var rowOrder = RowOrder.canonical
  /// Whether it holds the transpose.
  package var isTransposed = false
  /// What it adds to the numbers of a vector.
  package var offset: Float = 0
  /// Rows at the beginning that it leaves out.
  package var skippedRows = 0

  package init(
    rowOrder: RowOrder = .canonical, isTransposed: Bool = false, offset: Float = 0,
    skippedRows: Int = 0
  ) {
    self.skippedRows = skippedRows
    self.rowOrder = rowOrder
    self.isTransposed = isTransposed
    self.offset = offset
  }
}

/// One family of transformers, with the weights of one checkpoint.
package protocol Architecture: AnyObject, Sendable {
  /// Values of `model_type` in config.json and of `general.architecture` in GGUF files.
  static var names: [String] { get }
  /// Whether a checkpoint that says one of these names is of this family: GGUF files have one name
  /// for several.
  static func recognises(_ hyper: Hyperparameters) throws(SVFTError) -> Bool
  /// What a checkpoint says of the model that the family computes, where it says it of a larger one
  /// that holds it.
  static func part(_ hyper: Hyperparameters) throws(SVFTError) -> Hyperparameters
  /// Names of the modules in both dialects, heads included.
  static var tensorNames: TensorNames { get }

  /// Reads the geometry and takes the weights. Everything foreign is checked here.
  init(_ hyper: Hyperparameters, _ weights: inout WeightReader) throws(SVFTError)

  /// The id under which this model is written to GGUF files.
  var name: String { get }
  var geometry: Geometry { get }
  /// Records the body: the batch's tokens or patches → hidden states after the last norm, [rows,
  /// hiddenWidth].
  func record(_ graph: Graph) throws(SVFTError) -> Value
  /// Records what makes vectors of texts: the body, or of an encoder-decoder the encoder alone.
  func recordEncoder(_ graph: Graph) throws(SVFTError) -> Value
  /// Linear modules of the body, in the order of the computation.
  var projections: [Projection] { get }
  /// Every tensor of the body, each once.
  var slots: [Slot] { get }
  /// Tensors the body does not compute with but a writer must not lose (a pooler nobody uses yet).
  var carried: [Slot] { get }
  /// The head that predicts tokens; nil where the family or the checkpoint has none.
  var languageModelHead: LanguageModelHead? { get }
  /// The head that gives classes or a score: taken from the checkpoint where it has one; else made
  /// for `fresh` classes from `seed`; nil where neither is to be had.
  func classHead(_ weights: inout WeightReader, fresh: ClassHead.Fresh?) throws(SVFTError)
    -> ClassHead?

  /// A config.json that says what this model is, as transformers reads it.
  func config() throws(SVFTError) -> JSON.Object
  /// GGUF metadata that say what this model is, as llama.cpp reads them; without the tokenizer.
  func metadata() throws(SVFTError) -> [(key: String, value: GGUFValue)]
  /// Throws `.unsupported` where readers of GGUF files know the head that predicts tokens only as
  /// the embedding, or only as a matrix of its own.
  func requireGGUFHead(isTied: Bool) throws(SVFTError)
  /// The id that pads, where GGUF files must say it because more than texts goes by it.
  var paddingToken: Int32? { get }
  /// How GGUF files hold a tensor, by its canonical name.
  func ggufLayout(_ name: String) -> FileLayout
  /// What transformers calls the family with a class head.
  var classifierName: String { get }
  /// Tensors that only GGUF files have, by their GGUF name.
  var ggufTensors: [(name: String, values: [Float])] { get }
  /// Canonical names of matrices that GGUF files hold in F32 whatever their format, because readers
  /// add rows of them.
  var ggufAddends: [String] { get }
}

extension Architecture {
  package func requireGGUFHead(isTied: Bool) throws(SVFTError) {}
  package func recordEncoder(_ graph: Graph) throws(SVFTError) -> Value { try record(graph) }
  package var carried: [Slot] { [] }
  package static func recognises(_ hyper: Hyperparameters) throws(SVFTError) -> Bool { true }
  package static func part(_ hyper: Hyperparameters) throws(SVFTError) -> Hyperparameters { hyper }

  package var paddingToken: Int32? { nil }
  package func ggufLayout(_ name: String) -> FileLayout { FileLayout() }
  package var ggufTensors: [(name: String, values: [Float])] { [] }
  package var ggufAddends: [String] { [] }

  package var name: String { Self.names.first ?? "" }
}

/// The families there are.
package enum Architectures {
  /// Every family: a new one is added here and nowhere else.
  package static let all: [any Architecture.Type] = [
    TransformerDecoder<Llama>.self, TransformerDecoder<Mistral>.self,
    TransformerDecoder<Qwen2>.self, TransformerDecoder<Qwen3>.self,
    TransformerDecoder<Gemma>.self, TransformerDecoder<Gemma2>.self,
    TransformerDecoder<Gemma3>.self, TransformerDecoder<Phi3>.self,
    TransformerDecoder<SmolLM3>.self, TransformerDecoder<OLMo2>.self,
    TransformerDecoder<GPT2>.self, TransformerDecoder<GPTNeoX>.self, TransformerDecoder<OPT>.self,
    TransformerEncoder<BERT>.self, TransformerEncoder<RoBERTa>.self, DisentangledEncoder.self,
    T5.self, VisionTransformer<ViT>.self, VisionTransformer<DeiT>.self,
  ]

  /// The family of that name, to which the checkpoint of `hyper` belongs.
  ///
  /// `.unsupported` names what there is.
  package static func named(
    _ name: String, in place: String, of hyper: Hyperparameters
  ) throws(SVFTError) -> any Architecture.Type {
    for type in all where type.names.contains(name) {
      if try type.recognises(hyper) { return type }
    }
    var names: [String] = []
    for name in all.flatMap({ $0.names }) where !names.contains(name) { names.append(name) }
    let known = names.joined(separator: ", ")
    throw SVFTError(
      .unsupported,
      "\(place): expected one of the architectures \(known), found \(name.debugDescription)")
  }
}
