// Text and tokens of a model.
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
}
