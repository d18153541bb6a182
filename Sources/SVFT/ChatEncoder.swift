// Conversations as tokens, for training and for generation alike.
//
// The layout's control tokens stand there by their ids; everything else is plain text, in which no
// control token is looked for. So a message that spells <|im_end|> does not end its turn, and the
// tokens before an answer are the same whether it is trained on or asked for. Each stretch of text
// between control tokens is tokenised as one, and messages of a layout without control tokens one
// by one: time is linear in the turns. A model's own template comes first:
// ChatEncoder+Template.swift.
package import SVFTTensor
package import SVFTText

/// Turns messages into ids.
package struct ChatEncoder {
  /// The ids of a conversation, and which of them the assistant wrote.
  package struct Conversation: Sendable, Equatable {
    package var ids: [Int32] = []
    package var fromAssistant: [Bool] = []

    mutating func append(_ more: [Int32], _ mine: Bool) {
      ids += more
      fromAssistant += Array(repeating: mine, count: more.count)
    }
  }

  private let tokenizer: Tokenizer
  private let layout: ChatLayout
  private let templated: TemplatedChat?
  /// Ids of the layout's markers, where the vocabulary has them.
  private let markers: [String: Int32]

  /// `template` is the model's own, which `auto` takes; `now` the moment that it is told.
  package init(
    _ tokenizer: Tokenizer, _ style: TrainingOptions.ChatStyle, template: ChatTemplate?,
    now: Int = Clock.wall()
  ) {
    self.tokenizer = tokenizer
    var markers: [String: Int32] = [:]
    for marker in ChatLayout.markers { markers[marker] = tokenizer.id(of: marker) }
    self.markers = markers
    layout = ChatLayout(style, hasMarkers: markers.count == ChatLayout.markers.count)
    let guarded = Set(markers.values).union([tokenizer.special.eos].compactMap { $0 })
    templated =
      style == .auto
      ? template.map {
        TemplatedChat(tokenizer: tokenizer, template: $0, guarded: guarded, now: now)
      } : nil
  }

  /// A whole conversation, with the special tokens around a text; a template writes its own.
  package func whole(_ talk: DataRecord.Talk) throws(SVFTError) -> Conversation {
    if let templated { return try templated.whole(talk) }
    let body = try body(talk.messages)
    let (before, after) = tokenizer.around
    var result = Conversation()
    result.append(before, false)
    result.ids += body.ids
    result.fromAssistant += body.fromAssistant
    result.append(after, body.fromAssistant.last ?? false)
    return result
  }

  /// The prompt that asks the assistant for its next turn.
  package func prompt(_ talk: DataRecord.Talk) throws(SVFTError) -> [Int32] {
    if let templated { return try templated.prompt(talk) }
    var body = try body(talk.messages)
    try append(layout.invitation, fromAssistant: false, to: &body)
    return tokenizer.around.before + body.ids
  }

  /// Options that end generation where the assistant's turn ends, unless they go on past all ends.
  package func ending(_ options: GenerationOptions) -> GenerationOptions {
    var options = options
    guard !options.ignoresEnd else { return options }
    if let templated {
      if let end = templated.closing() { options.stopTokens.append(end) }
      return options
    }
    for piece in layout.ends {
      switch piece {
      case .marker(let text):
        if let id = markers[text] {
          options.stopTokens.append(id)
        } else {
          options.stopStrings.append(text)
        }
      case .text(let frame, _): options.stopStrings.append(frame)
      }
    }
    return options
  }

  private func body(_ messages: [DataRecord.Message]) throws(SVFTError) -> Conversation {
    var body = Conversation()
    for message in messages {
      let turn = try layout.turn(message)
      try append(turn.pieces, fromAssistant: turn.fromAssistant, to: &body)
    }
    return body
  }

  private func append(
    _ pieces: [ChatLayout.Piece], fromAssistant mine: Bool, to body: inout Conversation
  ) throws(SVFTError) {
    for (index, piece) in pieces.enumerated() {
      switch piece {
      case .marker(let text):
        // The first piece of a turn opens it: nobody has to learn to write it.
        body.append(try marker(text), mine && index > 0)
      case .text(let frame, let content):
        let first = body.ids.isEmpty
        let ids = try plain(frame, content, first: first)
        let masked = frame.isEmpty ? [] : try plain(frame, "", first: first)
        let shared = zip(masked, ids).prefix { $0 == $1 }.count
        body.append(Array(ids.prefix(shared)), false)
        body.append(Array(ids.dropFirst(shared)), mine)
      }
    }
  }

  private func marker(_ text: String) throws(SVFTError) -> [Int32] {
    guard let id = markers[text] else {
      return try tokenizer.encode(stretch: text, first: false)
    }
    return [id]
  }

  /// Text without control tokens. Where the vocabulary takes some of it for a marker all the same,
  /// because its file does not call the marker special, no added token is sought.
  private func plain(
    _ frame: String, _ content: String, first: Bool
  ) throws(SVFTError) -> [Int32] {
    let ids = try tokenizer.encode(stretch: frame + content, first: first)
    guard ids.contains(where: markers.values.contains) else { return ids }
    return try tokenizer.encode(stretch: frame + content, first: first, added: false)
  }
}
