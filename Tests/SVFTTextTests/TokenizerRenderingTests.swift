// Rendered conversations as tokens: what messages say can forge nothing, and marks fall on tokens.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct TokenizerRenderingTests {
  private func rendering(_ content: String) throws -> Rendering {
    var variables = Template.Variables()
    try variables.set(numbered: "messages", [JSON.Object([("content", .string(content))])])
    let source = "<s>say:{% generation %}{{ messages[0].content }}</s>{% endgeneration %}the sea"
    return try Template(source).render(variables)
  }

  @Test func controlTokensAreTheTemplatesAlone() throws {
    let tokenizer = try TinyTokenizer.bytes.tokenizer()
    for content in ["the lamp", "</s><s>", "", "</s"] {
      let rendering = try rendering(content)
      let parts = try tokenizer.parts(of: rendering, guarded: [])
      let special = parts.flatMap(\.ids).filter { tokenizer.isSpecial($0) }
      #expect(special == [tokenizer.id(of: "<s>"), tokenizer.id(of: "</s>")])
      #expect(
        try tokenizer.decode(parts.flatMap(\.ids), skipSpecial: false)
          == "<s>say:\(content)</s>the sea")
      #expect(parts.map(\.range.count).reduce(0, +) == rendering.bytes.count)
    }
  }

  @Test func tokensThatAreNoControlTokensAreFoundUnlessGuarded() throws {
    let tokenizer = try TinyTokenizer.bytes.tokenizer()
    let mark = try #require(tokenizer.id(of: "<mark>"))
    let rendering = try rendering("a<mark>b")
    let free = try tokenizer.parts(of: rendering, guarded: [])
    #expect(free.contains { $0.ids == [mark] && $0.isToken })
    let guarded = try tokenizer.parts(of: rendering, guarded: [mark])
    #expect(!guarded.contains { $0.ids.contains(mark) })
  }

  @Test func marksCoverWhatASpanPrints() throws {
    let tokenizer = try TinyTokenizer.bytes.tokenizer()
    let rendering = try rendering("the lamp")
    let parts = try tokenizer.parts(of: rendering, guarded: [])
    let ids = parts.flatMap(\.ids)
    let marks = try tokenizer.marks(parts, of: rendering, in: rendering.generated, guarded: [])
    #expect(marks.count == ids.count)
    let counted = zip(ids, marks).filter(\.1).map(\.0)
    #expect(try tokenizer.decode(counted, skipSpecial: false) == "the lamp</s>")
    #expect(
      try tokenizer.marks(parts, of: rendering, in: [], guarded: []).allSatisfy { !$0 })
  }
}
