// What a folder says about its tokens beside the vocabulary: tokenizer_config.json, and two older
// files from before that one said all:
//
//   special_tokens_map.json  the tokens of the roles: {"eos_token": "</s>" or {"content": …}}
//   added_tokens.json        tokens beyond the vocabulary: {"<new>": 32000}
//
// As in transformers they count where tokenizer_config.json lists no "added_tokens_decoder"; where
// it does, added_tokens.json says nothing more, and the map only which roles it leaves open.
import SVFTFormats
package import SVFTTensor

extension Tokenizer {
  /// Whether a Hugging Face folder has one, in whatever form.
  package static func isThere(in folder: String) throws(SVFTError) -> Bool {
    for name in ["tokenizer.json", "vocab.txt", "vocab.json"] + TokenizerFolder.models {
      // What is there and no file is an error of the one who opens it.
      if try FileSystem.kind(FileSystem.join(folder, name)) != nil { return true }
    }
    return false
  }

  /// The tokenizer of a Hugging Face folder: of its tokenizer.json, else of the file of its model.
  ///
  /// Tokens that its configuration alone adds are left out from the id `limit` on: a model has no
  /// rows for them.
  package convenience init(folder: String, limit: Int = .max) throws(SVFTError) {
    let path = FileSystem.join(folder, "tokenizer.json")
    var files = try TokenizerFolder(folder)
    if try !FileSystem.isFile(path) {
      try files.leaveOut(from: limit)
      if let model = try files.model() {
        let file = try FileSystem.read(model)
        let bytes = withExtendedLifetime(file) { Array(file.bytes) }
        do {
          try self.init(
            modelFile: bytes, configuration: .object(files.configuration), limit: limit,
            keepsPieces: files.hasList)
          return
        } catch { throw error.while(model) }
      }
      if let parts = try TokenizerParts(
        folder, files.configuration, limit: limit, hasList: files.hasList)
      {
        do {
          try self.init(json: parts.file(), configuration: .object(parts.configuration))
          return
        } catch { throw error.while(folder) }
      }
    }
    let json = try JSON.read(path)
    do {
      try self.init(json: json, configuration: .object(files.configuration), limit: limit)
    } catch {
      throw error.while(path)
    }
  }
}

/// What the files of a folder say beside its vocabulary.
struct TokenizerFolder {
  /// The names of SentencePiece's files.
  static let models = [
    "tokenizer.model", "spiece.model", "spm.model", "sentencepiece.bpe.model",
  ]

  /// Names that only models with ids of their own give such a file.
  private static let encoders = ["spm.model", "sentencepiece.bpe.model"]

  /// The classes whose SentencePiece file a folder has that names none, by its model's family.
  private static let classes = [
    "t5": "T5Tokenizer", "umt5": "T5Tokenizer", "mt5": "MT5Tokenizer",
    "albert": "AlbertTokenizer", "xlnet": "XLNetTokenizer", "mbart": "MBartTokenizer",
    "deberta-v2": "DebertaV2Tokenizer", "xlm-roberta": "XLMRobertaTokenizer",
    "camembert": "CamembertTokenizer",
  ]

  private let path: String
  /// tokenizer_config.json with what the older files say besides.
  private(set) var configuration: JSON.Object
  /// Whether the added tokens are those of added_tokens.json.
  private(set) var hasList = false

  /// Reads the files of a folder. Throws `.format` for broken ones, by their names.
  init(_ path: String) throws(SVFTError) {
    self.path = path
    let file = FileSystem.join(path, "tokenizer_config.json")
    configuration = try FileSystem.isFile(file) ? JSON.read(file).root(file) : JSON.Object()
    let isWhole = configuration.has("added_tokens_decoder")
    try readRoles(unlessThere: isWhole)
    if !isWhole { try readList() }
  }

  /// The family of the model, as its config.json names it; empty where it does not.
  static func family(of folder: String) throws(SVFTError) -> String {
    let path = FileSystem.join(folder, "config.json")
    guard try FileSystem.isFile(path) else { return "" }
    return try JSON.read(path).root(path).string("model_type", default: "")
  }

  /// The path of the SentencePiece file, nil where there is none; the class that the family means
  /// is in the configuration then. Throws `.unsupported` for a file of which ids are not known.
  mutating func model() throws(SVFTError) -> String? {
    for name in Self.models {
      let file = FileSystem.join(path, name)
      guard try FileSystem.isFile(file) else { continue }
      guard try configuration.string("tokenizer_class", default: "").isEmpty else { return file }
      let family = try Self.family(of: path)
      if let known = Self.classes[family] {
        configuration["tokenizer_class"] = .string(known)
      } else if Self.encoders.contains(name) {
        throw SVFTError(
          .unsupported,
          "\(file): expected a tokenizer_class in tokenizer_config.json that says which ids its "
            + "pieces have, found none: " + Self.advice)
      }
      return file
    }
    return nil
  }

  /// How a tokenizer.json comes about.
  static let advice =
    "load it with AutoTokenizer of Hugging Face's transformers, whose save_pretrained writes "
    + "tokenizer.json"

  /// Leaves out the added tokens from an id on.
  mutating func leaveOut(from limit: Int) throws(SVFTError) {
    guard limit < .max, configuration.has("added_tokens_decoder") else { return }
    let list = try configuration.object("added_tokens_decoder")
    let kept = list.members.filter { member in
      // What is no number its reader refuses.
      guard let id = Int(member.0), id >= limit else { return true }
      Log.warn("\(path): the model has no row for the added token \(id), which is left out")
      return false
    }
    guard kept.count < list.count else { return }
    configuration["added_tokens_decoder"] = .object(JSON.Object(kept.map { ($0.0, $0.1) }))
  }

  private mutating func readRoles(unlessThere isWhole: Bool) throws(SVFTError) {
    let file = FileSystem.join(path, "special_tokens_map.json")
    guard try FileSystem.isFile(file) else { return }
    let map = try JSON.read(file).object(file)
    var taken = JSON.Object()
    for key in SpecialTokens.roles.map(\.name) + JSON.Object.furtherKeys where map.has(key) {
      if !isWhole || configuration[key] == nil { taken[key] = map[key] }
    }
    // Read for what is wrong with them.
    do throws(SVFTError) { _ = try (taken.roleTokens(), taken.furtherSpecial()) } catch {
      throw error.while(file)
    }
    for (key, value) in taken.members { configuration[key] = value }
  }

  /// Reads added_tokens.json as an "added_tokens_decoder".
  private mutating func readList() throws(SVFTError) {
    let file = FileSystem.join(path, "added_tokens.json")
    guard try FileSystem.isFile(file) else { return }
    let list = try JSON.read(file).object(file)
    let special = try configuration.roleTokens() + configuration.furtherSpecial()
    let texts = Set(special.map(\.text))
    var tokens = JSON.Object()
    for (text, value) in list.members {
      let id = try TokenID.checked(value.int(list.place(text)), list.place(text))
      guard !text.isEmpty, !tokens.has("\(id)") else {
        throw SVFTError(
          .format, "\(file): expected a text and an id of its own, found “\(text)” with \(id)")
      }
      let isSpecial = texts.contains(text)
      tokens["\(id)"] = [
        "content": .string(text), "special": .bool(isSpecial), "normalized": .bool(!isSpecial),
      ]
    }
    guard tokens.count > 0 else { return }
    configuration["added_tokens_decoder"] = .object(tokens)
    hasList = true
  }
}

extension JSON.Object {
  /// A token as tokenizer_config.json writes it: a text, or an object with it and its flags.
  typealias NamedToken = (text: String, flags: JSON.Object)

  /// Where control tokens without a role are listed; the second is the newer name.
  static let furtherKeys = ["additional_special_tokens", "extra_special_tokens"]

  /// The token of a role, nil where there is none.
  func roleToken(_ name: String) throws(SVFTError) -> NamedToken? {
    guard let value = self[name], value != .null else { return nil }
    return try Self.token(value, place(name))
  }

  /// The tokens of all roles that have one.
  func roleTokens() throws(SVFTError) -> [NamedToken] {
    var tokens: [NamedToken] = []
    for (name, _) in SpecialTokens.roles {
      if let token = try roleToken(name) { tokens.append(token) }
    }
    return tokens
  }

  /// Control tokens without a role.
  func furtherSpecial() throws(SVFTError) -> [NamedToken] {
    var tokens: [NamedToken] = []
    for key in Self.furtherKeys where has(key) {
      if case .object(let named)? = self[key] {
        for (_, value) in named.members { tokens.append(try Self.token(value, place(key))) }
      } else {
        for value in try array(key) { tokens.append(try Self.token(value, place(key))) }
      }
    }
    return tokens
  }

  private static func token(
    _ value: JSON, _ place: @autoclosure () -> String
  ) throws(SVFTError) -> NamedToken {
    if case .string(let text) = value { return (text, JSON.Object()) }
    let flags = try value.object(place())
    return (try flags.string("content"), flags)
  }
}
