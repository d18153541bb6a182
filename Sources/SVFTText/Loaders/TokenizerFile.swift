// tokenizer.json (with tokenizer_config.json for the roles of tokens) as a tokenizer. Stages come
// from their registries; this file puts vocabulary, added tokens and roles together and checks
// that they agree: no id has two tokens, no two tokens one spelling. Ids may be vacant.
package import SVFTFormats
package import SVFTTensor

extension Tokenizer {
  /// The tokenizer of parsed files.
  ///
  /// Throws `.format` for broken ones and `.unsupported`, with its name, for a stage we do not
  /// know.
  package convenience init(
    json: JSON, configuration: JSON = .object(JSON.Object()), limit: Int = .max
  ) throws(SVFTError) {
    let file = try TokenizerFile(json, configuration, limit: limit)
    try self.init(try file.book(), file.stages)
  }
}

/// The parts of one tokenizer.json.
struct TokenizerFile {
  let root: JSON.Object
  let configuration: JSON.Object
  let built: BuiltModel
  let pieces: PieceTable
  /// Ids between others that no token has.
  let vacant: [Int32]
  let added: [AddedToken]
  let special: SpecialTokens
  let stages: Tokenizer.Stages

  init(_ json: JSON, _ configuration: JSON, limit: Int = .max) throws(SVFTError) {
    root = try json.root("tokenizer.json")
    self.configuration = try configuration.object("tokenizer_config.json")
    let model = try root.object("model")
    let listed = try Self.readAdded(root)
    let own = try Self.readVocabulary(model, listed)
    added = try listed + Self.furtherTokens(self.configuration, listed, own, limit)
    var whole = own
    for token in added {
      // Those of the configuration alone lie behind all others, one after the other.
      if Int(token.id) == whole.count { whole.append(nil) }
      whole[Int(token.id)] = token.content
    }
    vacant = whole.indices.filter { whole[$0] == nil }.map { Int32(truncatingIfNeeded: $0) }
    pieces = try PieceTable(whole)
    let preTokenizers = try PreTokenizers.all.stages(
      "pre_tokenizer", of: root, members: "pretokenizers")
    built = try TokenModels.build(
      ModelDescription(json: model, pieces: own, preTokenizers: preTokenizers))
    let templates = try PostProcessors.all.stages(
      "post_processor", of: root, members: "processors")
    guard templates.count <= 1 else {
      throw SVFTError(
        .unsupported, "post_processor: expected one template, found \(templates.count)")
    }
    let roles = RoleReader(
      configuration: self.configuration, pieces: pieces, added: added, unknown: built.unknown)
    special = try roles.special()
    stages = Tokenizer.Stages(
      normalizers: try Normalizers.all.stages("normalizer", of: root, members: "normalizers"),
      preTokenizers: preTokenizers, model: built.model,
      template: try roles.template(templates.first ?? SegmentTemplate(), special),
      decoders: root.has("decoder")
        ? try PieceDecoders.all.stages("decoder", of: root, members: "decoders")
        : [BlankBetween()])
  }

  /// The list of tokens.
  func book() throws(SVFTError) -> TokenBook {
    let file = self
    return try TokenBook(pieces: pieces, vacant: vacant, added: added, special: special) {
      () throws(SVFTError) in try file.exported()
    }
  }

  /// The model's own spellings by id, with room for the added tokens; nil for theirs and for ids
  /// that no token has.
  private static func readVocabulary(
    _ model: JSON.Object, _ added: [AddedToken]
  ) throws(SVFTError) -> [[UInt8]?] {
    let place = model.place("vocab")
    var own: [[UInt8]?] = []
    var vocabulary = JSON.Object()
    if case .array(let list)? = model["vocab"] {
      own = try UnigramModel.listed(list, place)
    } else {
      vocabulary = try model.object("vocab")
    }
    guard vocabulary.count + own.count + added.count > 0 else {
      throw SVFTError(.format, "\(place): expected tokens, found none")
    }
    // A gap takes memory that the file does not pay for.
    let most = 8 * (vocabulary.count + own.count + added.count) + 65_536
    func makeRoom(_ id: Int, _ text: String) throws(SVFTError) {
      guard id >= 0, id < most else {
        throw SVFTError(
          .format, "\(place): expected ids below \(most), found \(id) for “\(text)”")
      }
      while own.count <= id { own.append(nil) }
    }
    for (text, value) in vocabulary.members {
      let id = try value.int(vocabulary.place(text))
      try makeRoom(id, text)
      guard own[id] == nil else {
        throw SVFTError(
          .format, "\(place): expected every id once, found \(id) for “\(text)” too")
      }
      own[id] = Array(text.utf8)
    }
    var seen: Set<Int32> = []
    for token in added {
      let id = Int(token.id)
      let text = String(decoding: token.content, as: UTF8.self)
      try makeRoom(id, text)
      guard own[id] == nil || own[id] == token.content, seen.insert(token.id).inserted else {
        throw SVFTError(
          .format, "added_tokens: expected an id of its own for “\(text)”, found \(id)")
      }
    }
    return own
  }
}

/// Finds out which tokens have which role.
struct RoleReader {
  let configuration: JSON.Object
  let pieces: PieceTable
  let added: [AddedToken]
  let unknown: Int32?

  /// Spellings that name their role where tokenizer_config.json does not.
  private static let customary: [String: [String]] = [
    "bos_token": ["<s>", "<|begin_of_text|>", "<bos>", "<|endoftext|>"],
    "eos_token": ["</s>", "<|end_of_text|>", "<eos>", "<|endoftext|>"],
    "unk_token": ["<unk>", "[UNK]"],
    "sep_token": ["[SEP]"],
    "pad_token": ["[PAD]", "<pad>"],
    "cls_token": ["[CLS]"],
    "mask_token": ["[MASK]", "<mask>"],
  ]

  /// Tokenizer classes that put bos and eos where the configuration says, whatever the template.
  private static let configured = [
    "LlamaTokenizer", "LlamaTokenizerFast", "CodeLlamaTokenizer", "CodeLlamaTokenizerFast",
    "GemmaTokenizer", "GemmaTokenizerFast",
  ]

  func special() throws(SVFTError) -> SpecialTokens {
    var special = SpecialTokens()
    for (name, path) in SpecialTokens.roles {
      special[keyPath: path] = try configured(name) ?? customary(name)
    }
    special.unknown = unknown ?? special.unknown
    return special
  }

  /// The template with what add_bos_token and add_eos_token change about it.
  func template(
    _ template: SegmentTemplate, _ special: SpecialTokens
  ) throws(SVFTError) -> SegmentTemplate {
    let className = try configuration.string("tokenizer_class", default: "")
    guard Self.configured.contains(className) else { return template }
    let around = template.around
    let addsBOS = try configuration.bool("add_bos_token", default: !around.before.isEmpty)
    let addsEOS = try configuration.bool("add_eos_token", default: !around.after.isEmpty)
    if addsBOS == !around.before.isEmpty, addsEOS == !around.after.isEmpty { return template }
    return SegmentTemplate(
      before: addsBOS ? [try required(special.bos, "bos_token")] : [],
      after: addsEOS ? [try required(special.eos, "eos_token")] : [])
  }

  private func required(_ id: Int32?, _ name: String) throws(SVFTError) -> Int32 {
    guard let id else {
      throw SVFTError(
        .format, "tokenizer_config.json: add_\(name) is true, but there is no \(name)")
    }
    return id
  }

  /// The token that the configuration names, as a string or as an object with its content.
  ///
  /// A name that is no token is left out; a customary one may do.
  private func configured(_ name: String) throws(SVFTError) -> Int32? {
    guard let value = configuration[name], value != .null else { return nil }
    let text: String
    if case .string(let plain) = value {
      text = plain
    } else {
      text = try configuration.object(name).string("content")
    }
    if let id = pieces.find(Array(text.utf8)) { return id }
    if !text.isEmpty {
      Log.warn("\(configuration.place(name)): “\(text)” is no token; it is left out")
    }
    return nil
  }

  private func customary(_ name: String) -> Int32? {
    for text in Self.customary[name] ?? [] {
      let content = Array(text.utf8)
      if let token = added.first(where: { $0.isSpecial && $0.content == content }) {
        return token.id
      }
    }
    return nil
  }
}
