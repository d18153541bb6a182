// The conversation layout that a model's files bring of their own: a program (`Template`), which is
// run for training and for generation alike. It stands, the first that is there counting, in
//
//   chat_template.jinja
//   "chat_template" of tokenizer_config.json, one text or a list of named ones
//   tokenizer.chat_template of GGUF metadata
//
// Of named ones "default" counts, and "tool_use" for conversations with tools.
import SVFTFormats
import SVFTModels
import SVFTTensor
package import SVFTText

/// The conversation template of a model.
package struct ChatTemplate: Sendable {
  /// Its name beside a folder's weights.
  static let file = "chat_template.jinja"
  /// Its key in GGUF metadata.
  static let key = "tokenizer.chat_template"
  private static let plain = "default"
  private static let withTools = "tool_use"

  /// By name. One that does not compile is an error where it is used: the model has other uses.
  private let templates: [String: Result<Template, SVFTError>]
  /// Whether what it writes depends on the moment.
  let asksForMoment: Bool
  /// The variables of every rendering: the spellings of the tokens with a role.
  private let tokens: [(name: String, text: String)]

  /// A template of sources by name.
  package init(_ sources: [(name: String, text: String)], _ tokenizer: Tokenizer) {
    var templates: [String: Result<Template, SVFTError>] = [:]
    for (name, text) in sources {
      do throws(SVFTError) { templates[name] = .success(try Template(text)) } catch {
        templates[name] = .failure(error.while("chat_template"))
      }
    }
    self.templates = templates
    asksForMoment = sources.contains { $0.text.contains("strftime_now") }
    tokens = tokenizer.special.named.compactMap { name, id in
      (try? tokenizer.spelling(id)).map { (name, String(decoding: $0, as: UTF8.self)) }
    }
  }

  /// The template of a checkpoint, nil where there is none.
  init?(in checkpoint: Checkpoint, _ tokenizer: Tokenizer) throws(SVFTError) {
    guard let sources = try ChatTemplate.sources(in: checkpoint) else { return nil }
    self.init(sources, tokenizer)
  }

  /// The template's text; of several the one named default, nil where there is none.
  static func text(in checkpoint: Checkpoint) throws(SVFTError) -> String? {
    try sources(in: checkpoint)?.first { $0.name == plain }?.text
  }

  /// The template for a conversation. Throws `.unsupported` where none is named default, and what
  /// compiling it threw.
  private func template(for talk: DataRecord.Talk) throws(SVFTError) -> Template {
    let special = talk.tools.isEmpty ? nil : templates[Self.withTools]
    guard let chosen = special ?? templates[Self.plain] else {
      let names = templates.keys.sorted().joined(separator: ", ")
      throw SVFTError(.unsupported, "chat_template: expected one named default, found \(names)")
    }
    return try chosen.get()
  }

  /// Whether the template itself says what the assistant writes.
  func marksGeneration(_ talk: DataRecord.Talk) throws(SVFTError) -> Bool {
    try template(for: talk).marksGeneration
  }

  /// A conversation as the template writes it; `prompt` asks the assistant for its turn, `now` is
  /// the moment for a template that asks for the date and a conversation that names none. Throws
  /// `.data` where the template refuses it.
  func render(_ talk: DataRecord.Talk, prompt: Bool, now: Int) throws(SVFTError) -> Rendering {
    let template = try template(for: talk)
    var variables = Template.Variables()
    for (name, text) in tokens { try variables.set(name, .string(text)) }
    for name in ["tools", "documents"] { try variables.set(name, .null) }
    for (name, value) in talk.variables.members { try variables.set(foreign: name, value) }
    try variables.set(numbered: "messages", talk.messages.map(\.fields), own: ["role"])
    if !talk.tools.isEmpty { try variables.set(foreign: "tools", .array(talk.tools)) }
    try variables.set("add_generation_prompt", .bool(prompt))
    if case .integer(let named)? = talk.variables["now"] {
      variables.now = named
    } else {
      variables.now = now
    }
    return try during("chat_template") { () throws(SVFTError) in try template.render(variables) }
  }

  private static func sources(
    in checkpoint: Checkpoint
  ) throws(SVFTError) -> [(name: String, text: String)]? {
    if let gguf = checkpoint.gguf {
      guard gguf.has(key) else { return nil }
      let named = "\(key).\(withTools)"
      return [(plain, try gguf.string(key))]
        + (gguf.has(named) ? [(withTools, try gguf.string(named))] : [])
    }
    let path = FileSystem.join(checkpoint.path, file)
    if try FileSystem.isFile(path) {
      let bytes = try FileSystem.read(path, limit: Limits.headerBytes)
      guard let text = withExtendedLifetime(bytes, { UTF8Text.string(bytes.bytes) }) else {
        throw SVFTError(.format, "\(path): expected UTF-8, found other bytes")
      }
      return [(plain, text)]
    }
    guard let configuration = try configured(checkpoint.path) else { return nil }
    guard case .array = configuration["chat_template"] else {
      return [(plain, try configuration.string("chat_template"))]
    }
    var sources: [(name: String, text: String)] = []
    for template in try configuration.objects("chat_template") {
      sources.append((try template.string("name"), try template.string("template")))
    }
    return sources
  }

  /// tokenizer_config.json where it has a template.
  private static func configured(_ folder: String) throws(SVFTError) -> JSON.Object? {
    let path = FileSystem.join(folder, "tokenizer_config.json")
    guard try FileSystem.isFile(path) else { return nil }
    let configuration = try JSON.read(path).root(path)
    return configuration.has("chat_template") ? configuration : nil
  }
}
