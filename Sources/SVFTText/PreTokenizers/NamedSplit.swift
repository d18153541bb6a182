// The names of tokenizer.ggml.pre: which cutting stages of byte-level tokenizers each stands for.
// Several names may mean the same; a writer uses the first. An unknown one is refused by name,
// because a wrong guess gives other ids without a sign.

/// The cutting stages behind one group of names.
struct NamedSplit: Sendable {
  /// The names; a writer uses the first.
  let names: [String]
  /// The stages, in order.
  let stages: [any PreTokenizer]
  /// A word that is a token as a whole is not taken apart.
  var ignoresMerges = false
  /// A text begins with bos where the file does not say.
  var addsBOS = false

  /// The name of GPT-2's stages.
  static let usual = "gpt-2"
  /// Their name where the tokens around a text are RoBERTa's.
  static let roberta = "roberta-bpe"
  /// What a file without the key is cut by.
  static let unnamed = "default"

  /// The known names.
  static let all: [NamedSplit] = [
    NamedSplit(
      names: [
        usual, "phi-2", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de", roberta, "exaone4",
        "mellum", "mpt", "olmo", "jais", "trillion", "granite-docling", "gigachat", "a.x-4.0",
        "modern-bert",
      ],
      stages: [SplitByPattern(.gpt2)]),
    NamedSplit(
      names: [
        "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
        "jina-v5-nano",
      ],
      stages: [SplitByPattern(.numbersByThree)], ignoresMerges: true, addsBOS: true),
    NamedSplit(
      names: ["smaug-bpe", "dbrx", "glm4", "chatglm-bpe"],
      stages: [SplitByPattern(.numbersByThree)]),
    NamedSplit(
      names: [
        "qwen2", "stablelm2", "deepseek-r1-qwen", "megrez", "kormo", "f2llmv2", "hunyuan",
        "grok-2", "solar-open",
      ],
      stages: [SplitByPattern(.numbersByOne)]),
    NamedSplit(
      names: ["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"],
      stages: [SplitByPattern(.o200k)]),
    NamedSplit(
      names: ["tekken"], stages: [SplitByPattern(.tekken)], ignoresMerges: true, addsBOS: true),
    NamedSplit(
      names: [
        "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b",
        "mellum2",
      ],
      stages: [SplitDigits(individually: true), SplitByPattern(.gpt2)]),
    NamedSplit(names: ["seed-coder"], stages: [SplitByPattern(.code)]),
    NamedSplit(
      names: ["bloom", "poro-chat", "gpt3-finnish"], stages: [SplitByPattern(.clauses)]),
    NamedSplit(
      names: ["viking"],
      stages: [SplitByPattern(.clauses), SplitDigits(individually: true)]),
    NamedSplit(
      names: ["falcon"],
      stages: runs([#"[\p{P}\$\+<=>\^~\|`]+"#]) + [SplitByPattern(.gpt2)]
        + runs(["[0-9][0-9][0-9]"])),
    NamedSplit(
      names: [unnamed],
      stages: runs([#"[\p{P}\$\+<=>\^~\|]+"#]) + [SplitByPattern(.gpt2)]
        + runs([#"\p{N}+"#, "[0-9][0-9][0-9]"])),
    NamedSplit(
      names: ["deepseek-coder"],
      stages: runs(["[\r\n]", #"\s?\p{L}+"#, #"\s?\p{P}+"#, "[一-龥ࠀ-一가-퟿]+"])
        + [SplitDigits(individually: true)]),
    NamedSplit(
      names: ["deepseek-llm"],
      stages: runs([
        "[\r\n]", #"\s?["# + casedLetters + "]+", #"\s?[!-/:-~！-／：-～‘-‟　-。]+"#, #"\s+$"#,
        "[一-龥ࠀ-一가-퟿]+",
      ]) + [SplitDigits(individually: true)]),
    NamedSplit(
      names: ["deepseek-v3", "hunyuan-dense", "joyai-llm"],
      stages: runs([#"\p{N}{1,3}"#, "[一-龥぀-ゟ゠-ヿ]+"]) + [SplitByPattern(.signs)]),
  ]

  /// The letters of scripts with two cases, as DeepSeek's first tokenizer lists them.
  private static let casedLetters =
    "A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚ"
    + "Ḁ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-\u{1F7D}ᾀ-ᾴᾶ-ᾼ\u{1FBE}ῂ-ῄῆ-ῌῐ-\u{1FD3}ῖ-\u{1FDB}ῠ-Ῥῲ-ῴῶ-ῼ"
    + "ℂℇℊ-ℓℕℙ-ℝℤ\u{2126}ℨ\u{212A}-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄ"
    + "Ⰰ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃"

  /// Stages that set runs of classes apart, by their expressions.
  private static func runs(_ expressions: [String]) -> [any PreTokenizer] {
    expressions.compactMap { ClassRun($0) }.map { MatchSplit(.members($0), .isolated) }
  }

  /// The group of a name, or nil.
  static func find(_ name: String) -> NamedSplit? { all.first { $0.names.contains(name) } }

  /// The group whose stages are these, or nil.
  static func find(_ stages: [any PreTokenizer], ignoresMerges: Bool) -> NamedSplit? {
    let wanted = stages.filter { !($0 is BytesAsTokens) }.map(\.signature)
    return all.first {
      $0.ignoresMerges == ignoresMerges && $0.stages.map(\.signature) == wanted
    }
  }
}
