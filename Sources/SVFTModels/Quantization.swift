// What the matrices of a model are brought into: one format, or a mixture of formats in which the
// parts that suffer most keep more bits. Mixtures, their names and their ids in general.file_type
// are llama.cpp's: the head (or the embedding it is tied to) gets Q6_K, and exceptions by the part
// of a layer and by the layer decide, first match first.
//
// Rows that are no whole blocks get what their format names in its place (ElementFormat), at last
// F16. Mixtures go by the tensors' names in GGUF files.
//
// A format that GGUF files do not have is bitsandbytes', and its custom holds: the matrices of
// layers alone, and those of whole blocks alone; embedding and head stay as they lie.
package import SVFTTensor

/// One way of quantising a model.
package struct Quantization: Sendable {
  /// Which layers an exception is for.
  enum Layers: Sendable {
    case all
    /// The first eighth, the last eighth, and every third between.
    case some
    /// The first `count`.
    case first(Int)
    /// The first of so many equal shares.
    case share(Int)
    /// All, where at least four heads share their keys and values.
    case grouped
  }

  /// The matrices of one part of a layer that get another format.
  typealias Exception = (part: String, layers: Layers, format: String)

  /// As users write it: "q4_k_m", "q8_0".
  package let name: String
  /// Its id in general.file_type; nil where llama.cpp has none.
  package let fileType: UInt32?
  /// The format of what no exception names.
  package let format: any ElementFormat
  private let head: (any ElementFormat)?
  private let exceptions: [Exception]

  /// One format for all.
  package init(_ format: any ElementFormat) {
    self.init(
      name: format.name, fileType: Self.fileTypes[format.name], format, head: nil, exceptions: [])
  }

  private init(
    name: String, fileType: UInt32?, _ format: any ElementFormat, head: (any ElementFormat)?,
    exceptions: [Exception]
  ) {
    self.name = name.lowercased()
    self.fileType = fileType
    self.format = format
    self.head = head
    self.exceptions = exceptions
  }

  /// The mixture or format of that name, whatever the case of its letters.
  ///
  /// `.unsupported` with what there is.
  package static func required(_ name: String) throws(SVFTError) -> Quantization {
    guard let row = mixtures.first(where: { $0.name.lowercased() == name.lowercased() }) else {
      // What cannot be written says so itself.
      if ElementFormats.named(name) != nil {
        return Quantization(try ElementFormats.required(name))
      }
      throw SVFTError(
        .unsupported,
        "expected one of the formats \(names.joined(separator: ", ")), found "
          + name.debugDescription)
    }
    return Quantization(
      name: row.name, fileType: row.fileType, try ElementFormats.required(row.format),
      head: try ElementFormats.required("Q6_K"), exceptions: row.exceptions)
  }

  /// Every name, formats first.
  package static var names: [String] {
    let mixed = mixtures.map { $0.name.lowercased() }
    return ElementFormats.encodable.map { $0.name.lowercased() }.filter { !mixed.contains($0) }
      + mixed
  }

  /// The format of a matrix, by its name in GGUF files (nil where it has none there), for rows of
  /// `columns` values; nil where the matrix stays in its own.
  package func format(
    of name: String?, columns: Int, in model: ModelOutline
  ) -> (any ElementFormat)? {
    guard format.ggufType == nil else { return wanted(name, model).fitting(columns: columns) }
    let isOfLayer = name?.hasPrefix("blk.") ?? false
    return isOfLayer && format.fits(columns: columns) ? format : nil
  }

  private func wanted(_ name: String?, _ model: ModelOutline) -> any ElementFormat {
    guard let head, let name else { return format }
    let parts = name.split(separator: ".")
    if name == (model.hasHead ? "output.weight" : "token_embd.weight") { return head }
    guard parts.count == 4, parts[0] == "blk", let layer = Int(parts[1]) else { return format }
    let rule = exceptions.first { $0.part == parts[2] && model.holds($0.layers, layer) }
    return rule.flatMap { ElementFormats.named($0.format) } ?? format
  }

  /// Rows of the table: name, id, usual format, exceptions.
  private static let mixtures:
    [(name: String, fileType: UInt32, format: String, exceptions: [Exception])] = [
      (
        "Q2_K", 10, "Q2_K",
        [
          ("attn_v", .grouped, "Q4_K"), ("attn_v", .all, "Q3_K"), ("ffn_down", .all, "Q3_K"),
          ("attn_output", .all, "Q3_K"),
        ]
      ),
      ("Q3_K_S", 11, "Q3_K", []),
      (
        "Q3_K_M", 12, "Q3_K",
        [
          ("attn_v", .first(2), "Q5_K"), ("attn_v", .all, "Q4_K"),
          ("ffn_down", .share(16), "Q5_K"), ("ffn_down", .all, "Q4_K"),
          ("attn_output", .all, "Q4_K"), ("attn_qkv", .all, "Q4_K"),
        ]
      ),
      (
        "Q3_K_L", 13, "Q3_K",
        [
          ("attn_v", .all, "Q5_K"), ("ffn_down", .all, "Q5_K"), ("attn_output", .all, "Q5_K"),
          ("attn_qkv", .all, "Q4_K"),
        ]
      ),
      ("Q4_K_S", 14, "Q4_K", [("attn_v", .first(4), "Q5_K"), ("ffn_down", .share(8), "Q5_K")]),
      (
        "Q4_K_M", 15, "Q4_K",
        [
          ("attn_v", .some, "Q6_K"), ("ffn_down", .some, "Q6_K"), ("attn_qkv", .all, "Q5_K"),
        ]
      ),
      ("Q5_K_S", 16, "Q5_K", []),
      (
        "Q5_K_M", 17, "Q5_K",
        [
          ("attn_v", .some, "Q6_K"), ("ffn_down", .some, "Q6_K"), ("attn_qkv", .all, "Q6_K"),
        ]
      ),
      ("Q6_K", 18, "Q6_K", []),
      (
        "IQ4_NL", 25, "IQ4_NL",
        [("attn_v", .grouped, "Q5_K"), ("ffn_down", .share(8), "Q5_K")]
      ),
      (
        "IQ4_XS", 30, "IQ4_XS",
        [("attn_v", .grouped, "Q5_K"), ("ffn_down", .share(8), "Q5_K")]
      ),
    ]

  /// Ids of models in one format.
  private static let fileTypes: [String: UInt32] = [
    "F32": 0, "F16": 1, "Q4_0": 2, "Q4_1": 3, "Q8_0": 7, "Q5_0": 8, "Q5_1": 9, "Q2_K": 10,
    "Q3_K": 11, "Q4_K": 14, "Q5_K": 16, "Q6_K": 18, "IQ2_XXS": 19, "IQ2_XS": 20, "IQ3_XXS": 23,
    "IQ1_S": 24, "IQ4_NL": 25, "IQ3_S": 26, "IQ2_S": 28, "IQ4_XS": 30, "IQ1_M": 31, "BF16": 32,
    "TQ1_0": 36, "TQ2_0": 37, "MXFP4": 38, "NVFP4": 39,
  ]
}

/// What mixtures ask of a model: its size, by the names and shapes of its tensors.
package struct ModelOutline: Sendable {
  let layers: Int
  /// Heads that share keys and values.
  let group: Int
  let hasHead: Bool

  /// An outline of tensors by their names in GGUF files.
  package init(_ tensors: some Sequence<(name: String, shape: [Int])>) {
    var (layers, query, key, hasHead) = (0, 1, 1, false)
    for (name, shape) in tensors {
      if name == "output.weight" { hasHead = true }
      let parts = name.split(separator: ".")
      guard parts.count == 4, parts[0] == "blk", parts[3] == "weight", let layer = Int(parts[1])
      else { continue }
      // A number of a name, which a file may choose.
      layers = max(layers, layer < 65_536 ? layer + 1 : 0)
      if parts[2] == "attn_q" { query = shape.first ?? 1 }
      if parts[2] == "attn_k" { key = shape.first ?? 1 }
    }
    self.layers = layers
    self.hasHead = hasHead
    group = query / max(1, key)
  }

  func holds(_ which: Quantization.Layers, _ layer: Int) -> Bool {
    switch which {
    case .all: true
    case .some: layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2
    case .first(let count): layer < count
    case .share(let count): layer < layers / count
    case .grouped: group >= 4
    }
  }
}
