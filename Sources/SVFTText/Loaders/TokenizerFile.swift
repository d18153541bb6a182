// tokenizer.json (with tokenizer_config.json for the roles of tokens) as a tokenizer. Stages come
// from their registries; this file puts vocabulary, added tokens and roles together and checks
// that they agree: every id from 0 to the last has one token, no two tokens one spelling.
package import SVFTFormats
package import SVFTTensor

extension Tokenizer {
  /// The tokenizer of a Hugging Face folder.
  package convenience init(folder: String) throws(SVFTError) {
    let path = FileSystem.join(folder, "tokenizer.json")
    let configuration = FileSystem.join(folder, "tokenizer_config.json")
    if try !FileSystem.isFile(path) { try Self.refuseParts(of: folder) }
    let json = try JSON.read(path)
    let hasConfiguration = try FileSystem.isFile(configuration)
    let settings = hasConfiguration ? try JSON.read(configuration) : .object(JSON.Object())
    do { try self.init(json: json, configuration: settings) } catch { throw error.while(path) }
  }

  /// Throws `.unsupported` where a folder without tokenizer.json has what one can be made from.
  private static func refuseParts(of folder: String) throws(SVFTError) {
    for name in ["vocab.txt", "vocab.json", "tokenizer.model", "spiece.model"] {
      guard try FileSystem.isFile(FileSystem.join(folder, name)) else { continue }
      throw SVFTError(
        .unsupported,
        "\(folder): expected tokenizer.json, found \(name), which does not say how texts are "
          + "split: load it with AutoTokenizer of Hugging Face's transformers, whose "
          + "save_pretrained writes tokenizer.json")
    }
  }

  /// The tokenizer of parsed files.
  ///
  /// Throws `.format` for broken ones and `.unsupported`, with its name, for a stage we do not
  /// know.
  package convenience init(
    json: JSON, configuration: JSON = .object(JSON.Object())
  ) throws(SVFTError) {
    let file = try TokenizerFile(json, configuration)
    try self.init(try file.book(), file.stages)
  }
}

/// The parts of one tokenizer.json.
struct TokenizerFile {
  let root: JSON.Object
  let configuration: JSON.Object
  let built: BuiltModel
  let pieces: PieceTable
  let added: [AddedToken]
  let special: SpecialTokens
  let stages: Tokenizer.Stages

  init(_ json: JSON, _ configuration: JSON) throws(SVFTError) {
    root = try json.root("tokenizer.json")
    self.configuration = try configuration.object("tokenizer_config.json")
    added = try Self.readAdded(root)
    let model = try root.object("model")
    let own = try Self.readVocabulary(model, added)
    var whole = own
    for token in added { whole[Int(token.id)] = token.content }
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
      decoders: try PieceDecoders.all.stages("decoder", of: root, members: "decoders"))
  }

  /// The list of tokens.
  func book() throws(SVFTError) -> TokenBook {
    let file = self
    return try TokenBook(pieces: pieces, added: added, special: special) {
      () throws(SVFTError) in try file.exported()
    }
  }

  private static func readAdded(_ root: JSON.Object) throws(SVFTError) -> [AddedToken] {
    guard root.has("added_tokens") else { return [] }
    var tokens: [AddedToken] = []
    for json in try root.objects("added_tokens") {
      var token = AddedToken(
        id: try TokenID.checked(try json.int("id"), json.place("id")),
        content: Array(try json.string("content").utf8))
      token.isSpecial = try json.bool("special", default: false)
      token.isNormalized = try json.bool("normalized", default: !token.isSpecial)
      token.stripsLeft = try json.bool("lstrip", default: false)
      token.stripsRight = try json.bool("rstrip", default: false)
      token.isSingleWord = try json.bool("single_word", default: false)
      tokens.append(token)
    }
    return tokens
  }

  /// The model's own spellings by id, with room for the added tokens.
  private static func readVocabulary(
    _ model: JSON.Object, _ added: [AddedToken]
  ) throws(SVFTError) -> [[UInt8]?] {
    let vocabulary = try model.object("vocab")
    let (most, isBeyond) = vocabulary.count.addingReportingOverflow(added.count)
    guard !isBeyond, most > 0 else {
      throw SVFTError(.format, "\(model.place("vocab")): expected tokens, found none")
    }
    var own = [[UInt8]?](repeating: nil, count: most)
    var count = vocabulary.count
    for (text, value) in vocabulary.members {
      let id = try value.int(vocabulary.place(text))
      guard id >= 0, id < most, own[id] == nil else {
        throw SVFTError(
          .format,
          "\(model.place("vocab")): expected every id once, without gaps, found \(id) for “\(text)”"
        )
      }
      own[id] = Array(text.utf8)
    }
    var isNew = [Bool](repeating: true, count: most)
    for token in added {
      let id = Int(token.id)
      guard id < most, own[id] == nil || own[id] == token.content, isNew[id] else {
        let text = String(decoding: token.content, as: UTF8.self)
        throw SVFTError(
          .format, "added_tokens: expected an id of its own for “\(text)”, found \(id)")
      }
      isNew[id] = false
      if own[id] == nil { count += 1 }
    }
    for id in 0..<count where own[id] == nil && isNew[id] {
      throw SVFTError(.format, "\(model.place("vocab")): id \(id) of \(count) has no token")
    }
    return Array(own[..<count])
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
  private func configured(_ name: String) throws(SVFTError) -> Int32? {
    guard let value = configuration[name], value != .null else { return nil }
    let text: String
    if case .string(let plain) = value {
      text = plain
    } else {
      text = try configuration.object(name).string("content")
    }
    guard let id = pieces.find(Array(text.utf8)) else {
      throw SVFTError(.format, "\(configuration.place(name)): “\(text)” is no token")
    }
    return id
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
