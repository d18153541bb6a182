// A head as the files of a sentence-transformers folder, for models that come from a GGUF file.
package import SVFTFormats

extension EmbeddingHead {
  /// modules.json and what it leads to, by names relative to the folder; vectors have `width`
  /// numbers.
  package func files(width: Int) -> [(name: String, json: JSON)] {
    let pool = "1_Pooling"
    var modules = [("Transformer", ""), ("Pooling", pool)]
    // A module without settings: its folder need not be there.
    if normalizes { modules.append(("Normalize", "2_Normalize")) }
    let list = modules.enumerated().map { number, module in
      JSON.object(
        JSON.Object([
          ("idx", .integer(number)), ("name", .string("\(number)")), ("path", .string(module.1)),
          ("type", .string("sentence_transformers.models.\(module.0)")),
        ]))
    }
    let texts = JSON.Object([
      ("max_seq_length", maximumTokens.map { .integer($0) } ?? .null),
      ("do_lower_case", .bool(lowercases)),
    ])
    return [
      (Self.list, .array(list)), (Self.textFiles[0], .object(texts)),
      (FileSystem.join(pool, "config.json"), .object(poolingModule(width: width))),
    ]
  }

  private func poolingModule(width: Int) -> JSON.Object {
    let modes = Pooling.allCases.map { (key: $0.key, value: JSON.bool(poolings.contains($0))) }
    return JSON.Object(
      [(key: "word_embedding_dimension", value: .integer(width))] + modes
        + [(key: "include_prompt", value: true)])
  }
}
