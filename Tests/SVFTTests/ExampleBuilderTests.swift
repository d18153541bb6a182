// From records to tokens: what counts for the loss, how long texts become windows, what happens to
// records that are too long.
import SVFT
import SVFTTensor
import SVFTText
import TestKit
import Testing

@Suite struct ExampleBuilderTests {
  private let folder: TemporaryFolder
  private let tokenizer: Tokenizer

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("tokenizer.json", TinyVerbs.chatTokenizer())
    tokenizer = try Tokenizer(folder: folder.path)
  }

  private func builder(
    context: Int = 64, outputs: Int = 0, _ change: (inout TrainingOptions) -> Void = { _ in }
  ) -> ExampleBuilder {
    ExampleBuilder(
      tokenizer, TrainingBench.options(change), contextLength: context,
      outputs: outputs)
  }

  private func dataset(
    _ lines: [String], name: String = "d.jsonl", context: Int = 64,
    _ change: (inout TrainingOptions) -> Void = { _ in }
  ) throws -> Dataset {
    let path = try folder.write(name, lines.joined(separator: "\n"))
    return try builder(context: context, change).dataset(file: path)
  }

  /// What an example learns to write.
  private func learnt(_ example: Example) throws -> String {
    try tokenizer.decode(example.labels.filter { $0 >= 0 }, skipSpecial: true)
  }

  @Test func aTextPredictsEachNextToken() throws {
    let example = try builder().example(.text("the cat sat"))
    #expect(try example.ids == tokenizer.encode("the cat sat"))
    #expect(example.labels == Array(example.ids.dropFirst()) + [-100])
    #expect(example.ids.first == tokenizer.special.bos)
  }

  @Test(arguments: TrainingOptions.LossTarget.allCases)
  func aPromptCountsOnlyWhereAskedFor(_ target: TrainingOptions.LossTarget) throws {
    let record = DataRecord.completion(prompt: "what sat?", completion: " the cat 12")
    let example = try builder { $0.lossOn = target }.example(record)
    #expect(example.ids.count == example.labels.count && example.labels.last == -100)
    #expect(try learnt(example) == (target == .all ? "what sat? the cat 12" : " the cat 12"))
    if let end = tokenizer.special.eos { #expect(example.ids.last == end) }
  }

  @Test func aTokenThatSpansTheBorderCounts() throws {
    let record = DataRecord.completion(prompt: "what sat? ", completion: "the cat")
    let example = try builder { $0.lossOn = .completion }.example(record)
    #expect(try learnt(example) == " the cat")
  }

  @Test(arguments: TrainingOptions.LossTarget.allCases)
  func conversationsCountTheAssistantsTurns(_ target: TrainingOptions.LossTarget) throws {
    let talk = [
      DataRecord.Message(role: "user", content: "q"),
      DataRecord.Message(role: "assistant", content: "the cat"),
      DataRecord.Message(role: "user", content: "r"),
      DataRecord.Message(role: "assistant", content: "a dog"),
    ]
    let example = try builder { $0.lossOn = target }.example(.messages(.init(talk)))
    let all = "user\nq\nassistant\nthe cat\nuser\nr\nassistant\na dog\n"
    #expect(try learnt(example) == (target == .all ? all : "the cat\na dog\n"))
  }

  @Test func textFromPeopleWritesNoControlTokens() throws {
    let records: [DataRecord] = [
      .text("<s></s><|im_end|>"), .completion(prompt: "</s>", completion: "<s>"),
      .labelled(text: "</s>", pair: "<s>", label: .name("a")),
    ]
    for record in records {
      let body = try builder().example(record).ids.dropFirst()
      #expect(body.dropLast().allSatisfy { !tokenizer.isSpecial($0) })
    }
  }

  @Test(arguments: [2, 3, 17, 64])
  func windowsOfARunningTextLoseNothing(_ length: Int) throws {
    let text = String(repeating: "The cat number 12 sat on a mat. ", count: 9)
    let data = try dataset([text], name: "t.txt") { $0.maxLength = length }
    let start = try tokenizer.encode("", addSpecial: true)
    #expect(data.isRunningText && data.task == .language)
    for example in data.examples {
      #expect(example.ids.count <= length && example.ids.starts(with: start))
      #expect(example.labels == Array(example.ids.dropFirst()) + [-100])
    }
    let ids = data.examples.flatMap { $0.ids.dropFirst(start.count) }
    #expect(try ids == tokenizer.encode(text, addSpecial: false))
  }

  @Test(arguments: [1, 64]) func aTextWithNothingToPredictIsRefused(_ length: Int) throws {
    let text = length == 1 ? "The cat sat on a mat." : ""
    let failure = #expect(throws: SVFTError.self) {
      try dataset([text], name: "t.txt") { $0.maxLength = length }
    }
    #expect(failure?.kind == .data)
  }

  private let long = "{\"text\": \"the cat sat on the mat and did not move until noon\"}"

  @Test func recordsThatAreTooLongAreCutDroppedOrRefused() throws {
    let lines = ["{\"text\": \"ab\"}", long]
    let cut = try dataset(lines) { $0.maxLength = 8 }
    #expect(cut.examples.map(\.ids.count).max() == 8 && cut.dropped == 0)
    #expect(cut.examples.last?.labels.last == -100)
    let dropped = try dataset(lines) {
      $0.maxLength = 8
      $0.longRecords = .drop
    }
    #expect(dropped.examples.count == 1 && dropped.dropped == 1)
    let failure = #expect(throws: SVFTError.self) {
      try dataset(lines) {
        $0.maxLength = 8
        $0.longRecords = .error
      }
    }
    #expect(failure?.kind == .data && failure?.message.contains("line 2: ") == true)
  }

  @Test func theContextBoundsTheLength() throws {
    let wide = try dataset([long], context: 6) { $0.maxLength = 1 << 20 }
    #expect(wide.longest == 6)
    #expect(try dataset([long], context: 6).longest == 6)
  }

  @Test func whatHasNothingToLearnFromIsLeftOut() throws {
    let masked = #"{"input_ids":[1,2,3],"labels":[-100,-100,-100]}"#
    let data = try dataset([masked, #"{"input_ids":[1,2,3]}"#])
    #expect(data.examples.count == 1 && data.dropped == 1)
    #expect(data.examples[0].labels == [2, 3, -100])
    #expect(kind { _ = try dataset([masked]) } == .data)
  }

  @Test(arguments: ["[-1]", "[374]", "[2147483648]", "[1.5]", "[\"a\"]"])
  func idsOutsideTheVocabularyAreRefused(_ ids: String) throws {
    let lines = [#"{"input_ids":[1,2]}"#, "{\"input_ids\":\(ids)}"]
    let failure = #expect(throws: SVFTError.self) { try dataset(lines) }
    #expect(failure?.kind == .data && failure?.message.contains("line 2: ") == true)
    let labels = #expect(throws: SVFTError.self) {
      try dataset(["{\"input_ids\":[1],\"labels\":\(ids)}"])
    }
    #expect(labels?.kind == .data && labels?.message.contains("line 1: ") == true)
  }

  @Test(arguments: ["6", "-1", "1.5", "1e9"])
  func numbersAreClassesOfAHeadOfSeveral(_ bad: String) throws {
    let good = "{\"text\":\"a\",\"label\":5}"
    let path = try folder.write("l.jsonl", good + "\n{\"text\":\"b\",\"label\":\(bad)}")
    let failure = #expect(throws: SVFTError.self) {
      try builder(outputs: 6).dataset(file: path)
    }
    #expect(failure?.kind == .data && failure?.message.contains("line 2: label: ") == true)
    let one = try folder.write("one.jsonl", good)
    #expect(try builder(outputs: 6).dataset(file: one).task == .classes)
    #expect(try builder(outputs: 1).dataset(file: one).task == .score)
    #expect(try builder().dataset(file: one).classes.count == 6)
  }
}

/// BERT's tokens of labelled texts.
@Suite struct ExampleBuilderPairTests {
  @Test func longPairsKeepTheirClosingToken() throws {
    let folder = try TemporaryFolder()
    try folder.write("tokenizer.json", TinyVerbs.fixture("words"))
    let tokenizer = try Tokenizer(folder: folder.path)
    let words = String(repeating: "cat ", count: 30)
    let path = try folder.write(
      "l.jsonl", "{\"text\":\"\(words)\",\"text_pair\":\"\(words)\",\"label\":\"a\"}")
    let example = try ExampleBuilder(
      tokenizer, TrainingBench.options { $0.maxLength = 40 }, contextLength: 64,
      outputs: 0
    ).dataset(file: path).examples[0]
    #expect(example.ids.count == 40 && example.segments?.count == 40)
    #expect(example.ids.first == 2 && example.ids.last == 3)
    #expect(example.segments?.last == 1 && example.labels.isEmpty && example.counted == 1)
    // Of 37 places the first text has 18.
    #expect(example.segments?.count { $0 == 0 } == 20)
  }
}
