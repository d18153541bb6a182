// Text, conversations and tokens of a model.
import SVFTFormats
public import SVFTTensor
import SVFTText

extension Model {
  /// The ids of a text; `special` adds what the model expects around one.
  public func tokenize(_ text: String, special: Bool = true) throws(SVFTError) -> [Int32] {
    try tokenizer.encode(text, addSpecial: special, parseSpecial: false)
  }

  /// The text of ids, special tokens left out. Throws `.invalidArgument` for ids outside the
  /// vocabulary.
  public func detokenize(_ ids: [Int32]) throws(SVFTError) -> String {
    try tokenizer.decode(ids, skipSpecial: true)
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
    let turns: [DataRecord.Message]
    do throws(SVFTError) {
      turns = try DataRecord.messages(
        JSON.Object([("messages", try JSON.parse(messages))]))
    } catch {
      throw SVFTError(.invalidArgument, error.message)
    }
    return try ChatEncoder(tokenizer, layout, hasTemplate: hasChatTemplate).prompt(turns)
  }
}
