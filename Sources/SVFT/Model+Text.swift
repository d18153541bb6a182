// Text, conversations and tokens of a model.
import SVFTFormats
public import SVFTTensor
import SVFTText

extension Model {
  /// The ids of a text; `special` adds what the model expects around one.
  public func tokenize(_ text: String, special: Bool = true) throws(SVFTError) -> [Int32] {
    try tokenizer.encode(text, addSpecial: special, parseSpecial: false)
  }

  /// The text of ids, special tokens left out, and rows of the model that no token means. Throws
  /// `.invalidArgument` for ids that the model has no row for.
  public func detokenize(_ ids: [Int32]) throws(SVFTError) -> String {
    let (tokens, rows) = (tokenizer.vocabularySize, vocabularySize)
    return try tokenizer.decode(ids.filter { $0 < tokens || $0 >= rows }, skipSpecial: true)
  }

  /// The ids of a conversation up to the assistant's next turn, laid out as training does it.
  ///
  /// `messages` is a JSON array of objects with "role" (system, user, assistant, tool) and
  /// "content". What the messages say is plain text: a control token spelled in it is none.
  /// Throws `.invalidArgument` for anything else, `.unsupported` where the model brings a template
  /// of its own and `layout` is `.auto`.
  public func tokenize(
    conversation messages: String, layout: TrainingOptions.ChatStyle = .auto
  ) throws(SVFTError) -> [Int32] {
    try chatEncoder(layout).prompt(Model.turns(messages))
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
        prompts.append(try chat.prompt(Model.turns(messages)))
      }
    }
    return try generate(tokens: prompts, chat.ending(options), onToken: onToken)
  }

  func chatEncoder(_ layout: TrainingOptions.ChatStyle) throws(SVFTError) -> ChatEncoder {
    try ChatEncoder(tokenizer, layout, hasTemplate: hasChatTemplate)
  }

  /// The messages of a JSON array. Throws `.invalidArgument` for anything else.
  static func turns(_ messages: String) throws(SVFTError) -> [DataRecord.Message] {
    do throws(SVFTError) {
      return try DataRecord.messages(JSON.Object([("messages", try JSON.parse(messages))]))
    } catch {
      throw SVFTError(.invalidArgument, error.message)
    }
  }
}
