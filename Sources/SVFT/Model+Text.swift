// Text, conversations and tokens of a model.
import SVFTFormats
public import SVFTTensor
import SVFTText

extension Model {
  /// Whether the model has a tokenizer: without one it takes and gives ids alone.
  public var hasTokenizer: Bool {
    get throws(SVFTError) { try !tokenizer.isAbsent }
  }

  /// The ids of a text; `special` adds what the model expects around one.
  public func tokenize(_ text: String, special: Bool = true) throws(SVFTError) -> [Int32] {
    try tokenizer.encode(text, addSpecial: special, parseSpecial: false)
  }

  /// The text of ids, special tokens left out, and rows of the model that no token means. Throws
  /// `.invalidArgument` for ids that the model has no row for, `.unsupported` without a tokenizer.
  public func detokenize(_ ids: [Int32]) throws(SVFTError) -> String {
    let tokenizer = try tokenizer
    try tokenizer.requireTexts()
    let (tokens, rows) = (tokenizer.vocabularySize, vocabularySize)
    return try tokenizer.decode(ids.filter { $0 < tokens || $0 >= rows }, skipSpecial: true)
  }

  /// The ids of a conversation up to the assistant's next turn, laid out as training does it.
  ///
  /// `messages` is a JSON array of objects with "role" (system, user, assistant, tool) and
  /// "content", or an object with such "messages", with "tools" and with "chat_template_kwargs",
  /// further variables of the model's template. What the messages say is plain text: a control
  /// token spelled in it is none. `.auto` takes the model's own template where it brings one.
  /// Throws `.invalidArgument` for anything else, `.data` where the template refuses the
  /// conversation, `.unsupported` where it is beyond what we know of the language.
  public func tokenize(
    conversation messages: String, layout: TrainingOptions.ChatStyle = .auto
  ) throws(SVFTError) -> [Int32] {
    try chatEncoder(layout).prompt(Model.talk(messages))
  }

  /// Continues conversations with the assistant's next turn, all in one batch. Each is a JSON array
  /// as `tokenize(conversation:)` has it. The text ends with that turn, unless the options go on
  /// past all ends. Throws what `tokenize(conversation:)` and `generate` do.
  public func generate(
    conversations: [String], layout: TrainingOptions.ChatStyle = .auto,
    _ options: GenerationOptions = GenerationOptions(), onToken: TokenCallback? = nil
  ) throws(SVFTError) -> [Generation] {
    let chat = try chatEncoder(layout)
    var prompts: [[Int32]] = []
    for (index, messages) in conversations.enumerated() {
      try during("conversation \(index)") { () throws(SVFTError) in
        prompts.append(try chat.prompt(Model.talk(messages)))
      }
    }
    return try generate(tokens: prompts, chat.ending(options), onToken: onToken)
  }

  func chatEncoder(_ layout: TrainingOptions.ChatStyle) throws(SVFTError) -> ChatEncoder {
    ChatEncoder(try tokenizer, layout, template: chatTemplate)
  }

  /// The conversation of a JSON array or object. Throws `.invalidArgument` for anything else.
  static func talk(_ messages: String) throws(SVFTError) -> DataRecord.Talk {
    do throws(SVFTError) {
      let json = try JSON.parse(messages)
      if case .object(let object) = json { return try DataRecord.Talk(object) }
      return try DataRecord.Talk(JSON.Object([("messages", json)]))
    } catch {
      throw SVFTError(.invalidArgument, error.message)
    }
  }
}
