// Texts that come as words, each with something that belongs to it: which token a word begins with.
// As in the tokenizers package, each word is encoded on its own; byte-level tokenizers see a blank
// before each, as their models want it (add_prefix_space).
package import SVFTTensor

extension Tokenizer {
  /// The ids of a text of words, with the special tokens around it, and for each word the place of
  /// its first token; nil for a word of none.
  ///
  /// Throws `.limit` for words above `longestText`.
  package func encode(words: [String]) throws(SVFTError) -> (ids: [Int32], rows: [Int?]) {
    let isBytes = stages.preTokenizers.contains { $0 is BytesAsTokens }
    let around = around
    var ids = around.before
    var rows: [Int?] = []
    for word in words {
      let found =
        try word.isEmpty ? [] : encode(stretch: isBytes ? " " + word : word, first: true)
      rows.append(found.isEmpty ? nil : ids.count)
      ids += found
    }
    return (ids + around.after, rows)
  }
}
