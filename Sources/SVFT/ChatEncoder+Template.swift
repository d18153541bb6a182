// Conversations as a model's own template lays them out, as tokens, and what of them the assistant
// wrote:
//
//   {% generation %} blocks where the template has them, else for each of its turns
//   from  where the prompt that asks for the turn ends
//   to    where the conversation up to it ends
//
// Both are renderings that must begin the whole. Where they do not – templates rewrite what went
// before, Qwen 3's takes thoughts out of earlier answers – the turn goes from its own first
// character to the first control token behind its last one.
import SVFTTensor
import SVFTText

/// A conversation laid out by a template.
struct TemplatedChat {
  let tokenizer: Tokenizer
  let template: ChatTemplate
  /// Tokens that only the template may spell, besides control tokens.
  let guarded: Set<Int32>
  /// The moment of all renderings, in seconds since 1970.
  let now: Int

  /// The ids of a whole conversation and which of them the assistant wrote.
  func whole(_ talk: DataRecord.Talk) throws(SVFTError) -> ChatEncoder.Conversation {
    let rendering = try template.render(talk, prompt: false, now: now)
    let parts = try tokenizer.parts(of: rendering, guarded: guarded)
    let spans =
      try template.marksGeneration(talk)
      ? rendering.generated : try spans(talk, rendering, parts.filter(\.isToken).map(\.range))
    return ChatEncoder.Conversation(
      ids: parts.flatMap(\.ids),
      fromAssistant: try tokenizer.marks(parts, of: rendering, in: spans, guarded: guarded))
  }

  /// The ids of the prompt for the assistant's next turn.
  func prompt(_ talk: DataRecord.Talk) throws(SVFTError) -> [Int32] {
    let rendering = try template.render(talk, prompt: true, now: now)
    return try tokenizer.parts(of: rendering, guarded: guarded).flatMap(\.ids)
  }

  /// The control token that the template puts behind what the assistant said, if it does.
  func closing() -> Int32? {
    let said = "said"
    let talk = DataRecord.Talk([
      DataRecord.Message(role: "user", content: "asked"),
      DataRecord.Message(role: "assistant", content: said),
    ])
    guard let rendering = try? template.render(talk, prompt: false, now: now),
      let end = rendering.stretches.last(where: { $0.origin == 2 })?.range.upperBound,
      let parts = try? tokenizer.parts(of: rendering, guarded: guarded)
    else { return nil }
    return parts.first { $0.isToken && $0.range.lowerBound >= end }?.ids.first
  }

  /// The bytes of each of the assistant's turns; `tokens` are where tokens stand.
  private func spans(
    _ talk: DataRecord.Talk, _ whole: Rendering, _ tokens: [Range<Int>]
  ) throws(SVFTError) -> [Range<Int>] {
    var spans: [Range<Int>] = []
    var done = 0
    for (index, message) in talk.messages.enumerated() where message.role == "assistant" {
      let own = whole.stretches.filter { $0.origin == index + 1 }
      let asked = beginning(talk.first(index), prompt: true, whole)
      let answered = beginning(talk.first(index + 1), prompt: false, whole)
      // A turn of which nothing is left has nothing to learn.
      guard let first = own.first?.range.lowerBound, let last = own.last?.range.upperBound else {
        if let asked, let answered, asked < answered { spans.append(asked..<answered) }
        continue
      }
      let start = asked.map { done <= $0 && $0 <= first ? $0 : first } ?? first
      let end = answered.map { max($0, last) } ?? closing(behind: last, whole, tokens)
      spans.append(start..<end)
      done = end
    }
    return spans
  }

  /// How many bytes a part of the conversation takes where it begins the whole, else nil.
  private func beginning(
    _ talk: DataRecord.Talk, prompt: Bool, _ whole: Rendering
  ) -> Int? {
    guard let part = try? template.render(talk, prompt: prompt, now: now).bytes,
      whole.bytes.starts(with: part)
    else { return nil }
    return part.count
  }

  /// The end of the first token behind `place`, or `place` where a message comes before it.
  private func closing(behind place: Int, _ whole: Rendering, _ tokens: [Range<Int>]) -> Int {
    let next = whole.stretches.first { $0.origin != 0 && $0.range.lowerBound >= place }
    guard let token = tokens.first(where: { $0.lowerBound >= place }),
      token.upperBound <= next?.range.lowerBound ?? .max
    else { return place }
    return token.upperBound
  }
}
