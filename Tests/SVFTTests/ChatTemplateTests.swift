// A model's own conversation template is refused by name, wherever it stands.
import SVFT
import SVFTTensor
import TestKit
import Testing

@Suite struct ChatTemplateTests {
  private let talk = #"[{"role":"user","content":"hi"}]"#

  @Test func aTemplateOfTheModelIsNotGuessedAt() throws {
    let tiny = try TinyVerbs.chatting()
    #expect(try tiny.model().tokenize(conversation: talk).contains(372))
    try tiny.folder.write("model/tokenizer_config.json", #"{"chat_template":"{{ messages }}"}"#)
    let model = try tiny.model()
    #expect(kind { _ = try model.tokenize(conversation: talk) } == .unsupported)
    #expect(try model.tokenize(conversation: talk, layout: .chatml).contains(372))
    #expect(try !model.tokenize(conversation: talk, layout: .plain).contains(372))
    let data = try tiny.lines([#"{"messages":\#(talk)}"#])
    let adapter = try model.createAdapter(#"{"method":"lora","r":1,"targets":["q_proj"]}"#)
    #expect(kind { _ = try Trainer(adapter, data: data) } == .data)
    _ = try Trainer(adapter, data: data, options: TrainingBench.options { $0.chatStyle = .plain })
    _ = try Trainer(adapter, data: tiny.data())
  }

  @Test func aConfigurationWithoutOneChangesNothing() throws {
    let tiny = try TinyVerbs.chatting()
    try tiny.folder.write("model/tokenizer_config.json", "{}")
    #expect(try tiny.model().tokenize(conversation: talk).contains(372))
    try tiny.folder.write("model/tokenizer_config.json", "[")
    #expect(kind { _ = try tiny.model() } != nil)
  }
}
