// Text to ids and back through the model.
import Foundation
import SVFT
import SVFTTensor
import TestKit
import Testing

@Suite struct ModelTextTests {
  @Test func specialTokensAreAddedOnRequestAndLeftOutOfText() throws {
    let model = try TinyVerbs().model()
    let plain = try model.tokenize("the cat", special: false)
    let whole = try model.tokenize("the cat")
    #expect(whole == [369] + plain)
    #expect(try model.detokenize(whole) == "the cat")
    #expect(try model.detokenize([]) == "")
  }

  @Test func textCannotWriteControlTokens() throws {
    let model = try TinyVerbs().model()
    #expect(try !model.tokenize("a<s>b</s>", special: false).contains { $0 == 369 || $0 == 370 })
  }

  @Test(arguments: ["", " ", "caf\u{301}é\r\n\t ok", "😀👨‍👩‍👧\u{0}", "\u{FFFD}"])
  func byteLevelTextComesBack(_ text: String) throws {
    let model = try TinyVerbs().model()
    #expect(try model.detokenize(model.tokenize(text, special: false)) == text)
  }

  private static let talk = #"[{"role":"user","content":"who sat?"}]"#

  @Test(arguments: [true, false]) func anAnswerEndsWithItsTurn(_ special: Bool) throws {
    let model = try TinyVerbs.chatting(special: special).model()
    var options = GenerationOptions()
    (options.temperature, options.maxTokens, options.logitBias) = (0, 5, [373: 9000])
    let answer = try model.generate(conversations: [Self.talk], options)[0]
    #expect(answer.tokens == [373] && answer.text.isEmpty && answer.ending == .endToken)
    // Tokens are nobody's turn, and who goes on past all ends goes on past this one.
    let ids = try model.tokenize(conversation: Self.talk)
    #expect(try model.generate(tokens: [ids], options)[0].tokens.count == 5)
    options.ignoresEnd = true
    #expect(try model.generate(conversations: [Self.talk], options)[0].tokens.count == 5)
  }

  @Test func conversationsMakeABatch() throws {
    let model = try TinyVerbs.chatting().model()
    let other = #"[{"role":"system","content":"be kind"},{"role":"user","content":"the cat"}]"#
    var options = GenerationOptions()
    (options.temperature, options.maxTokens) = (0, 4)
    var seen = [[Int32]](repeating: [], count: 2)
    let both = try model.generate(conversations: [Self.talk, other], options) { index, token, _ in
      seen[index].append(token)
      return true
    }
    #expect(both.map(\.tokens) == seen)
    for (answer, talk) in zip(both, [Self.talk, other]) {
      #expect(try model.generate(conversations: [talk], options) == [answer])
      #expect(try answer.promptTokens == model.tokenize(conversation: talk).count)
    }
    #expect(try model.generate(conversations: []).isEmpty)
  }

  @Test(arguments: [
    "", "[", "[]", "{}", "7", #"[{"role":"user"}]"#, #"[{"role":"me","content":""}]"#,
  ])
  func whatIsNoConversationIsNamed(_ messages: String) throws {
    let model = try TinyVerbs.chatting().model()
    let failure = #expect(throws: SVFTError.self) {
      try model.generate(conversations: [Self.talk, messages])
    }
    #expect(failure?.kind == .invalidArgument)
    #expect(failure?.message.hasPrefix("conversation 1: ") == true, "\(failure?.message ?? "")")
  }

  @Test(arguments: [-1, 372, Int32.max]) func idsOutsideAreRefused(_ id: Int32) throws {
    let model = try TinyVerbs().model()
    let failure = #expect(throws: SVFTError.self) { try model.detokenize([1, id]) }
    #expect(failure?.kind == .invalidArgument)
    #expect(failure?.message.contains("\(id)") == true)
  }

  @Test func aModelWithoutATokenizerTakesIDs() throws {
    let tiny = try TinyVerbs()
    try FileManager.default.removeItem(atPath: tiny.folder.file("model/tokenizer.json"))
    let model = try tiny.model()
    let base = try model.logits([1, 2, 3])
    for text in [{ _ = try model.tokenize("a") }, { _ = try model.detokenize([1]) }]
      as [() throws -> Void]
    {
      let error = #expect(throws: SVFTError.self) { try text() }
      #expect(error?.kind == .unsupported && error?.message.contains("found none") == true)
    }
    #expect(kind { _ = try model.generate(["a"]) } == .unsupported)
    #expect(kind { _ = try model.evaluate(try tiny.data()) } == .data)
    var options = GenerationOptions()
    (options.temperature, options.maxTokens) = (0, 4)
    let answer = try model.generate(tokens: [[1, 2, 3]], options)[0]
    #expect(answer.tokens.count == 4 && answer.text.isEmpty)

    let data = try tiny.lines([#"{"input_ids":[5,6,7,8,9]}"#, #"{"input_ids":[9,8,7,6]}"#])
    let adapter = try model.createAdapter(#"{"method":"lora","r":2}"#)
    try Trainer(adapter, data: data, options: TrainingBench.options { $0.steps = 3 }).train()
    let trained = try model.logits([1, 2, 3])
    #expect(trained != base)
    for path in ["merged", "merged.gguf"].map({ tiny.folder.file($0) }) {
      _ = try model.save(to: path, format: "f32")
      let again = try Model(path: path)
      #expect(relativeDistance(trained, try again.logits([1, 2, 3])) < 1e-4)
      #expect(kind { _ = try again.tokenize("a") } == .unsupported)
    }
    _ = try Model(path: tiny.folder.file("merged.gguf")).save(to: tiny.folder.file("back"))
    #expect(try Model(path: tiny.folder.file("back")).logits([1, 2, 3]).count == base.count)
  }
}
