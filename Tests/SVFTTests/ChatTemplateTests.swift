// A model's own conversation template is refused by name, wherever it stands.
import Foundation
import SVFT
import SVFTFormats
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

  @Test func aTemplateInAFileOfItsOwnIsKnownAndTakenAlong() throws {
    let tiny = try TinyVerbs.chatting()
    let text = "{% for m in messages %}«{{ m.content }}»{% endfor %}"
    try tiny.folder.write("model/chat_template.jinja", text)
    // The file counts before the configuration.
    try tiny.folder.write("model/tokenizer_config.json", #"{"chat_template":"other"}"#)
    let model = try tiny.model()
    #expect(kind { _ = try model.tokenize(conversation: talk) } == .unsupported)
    _ = try model.save(to: tiny.folder.file("out"))
    #expect(try read(tiny, "out/chat_template.jinja") == text)
    _ = try model.save(to: tiny.folder.file("out.gguf"))
    let gguf = try GGUF(tiny.folder.file("out.gguf"))
    #expect(try gguf.string("tokenizer.chat_template") == text)
    let again = try Model(path: tiny.folder.file("out.gguf"))
    #expect(kind { _ = try again.tokenize(conversation: talk) } == .unsupported)
    _ = try again.save(to: tiny.folder.file("back"))
    #expect(try read(tiny, "back/chat_template.jinja") == text)
  }

  @Test(
    arguments: [
      (#""plain""#, "plain"),
      (#"[{"name":"tools","template":"t"},{"name":"default","template":"d"}]"#, "d"),
      (#"[{"name":"tools","template":"t"}]"#, nil), ("null", nil),
    ] as [(String, String?)])
  func aTemplateOfTheConfigurationGoesIntoGGUF(_ value: String, _ expected: String?) throws {
    let tiny = try TinyVerbs.chatting()
    try tiny.folder.write("model/tokenizer_config.json", #"{"chat_template":\#(value)}"#)
    _ = try tiny.model().save(to: tiny.folder.file("out.gguf"))
    let gguf = try GGUF(tiny.folder.file("out.gguf"))
    #expect(gguf.has("tokenizer.chat_template") == (expected != nil))
    if let expected { #expect(try gguf.string("tokenizer.chat_template") == expected) }
  }

  private func read(_ tiny: TinyVerbs, _ name: String) throws -> String {
    try String(contentsOfFile: tiny.folder.file(name), encoding: .utf8)
  }

  @Test func aConfigurationWithoutOneChangesNothing() throws {
    let tiny = try TinyVerbs.chatting()
    try tiny.folder.write("model/tokenizer_config.json", "{}")
    #expect(try tiny.model().tokenize(conversation: talk).contains(372))
    try tiny.folder.write("model/tokenizer_config.json", "[")
    #expect(kind { _ = try tiny.model() } != nil)
  }
}
