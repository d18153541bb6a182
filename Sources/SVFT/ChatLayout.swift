// How a conversation is laid out, and which parts of it count for the loss.
//
//   chatml  <|im_start|>role\ncontent<|im_end|>\n
//   plain   Role: content\n\n
//
// A layout gives pieces, not one text: what people wrote is never searched for the layout's own
// control tokens (`ChatEncoder`). A model's own template comes before these (`ChatTemplate`): they
// are for models without one and for who chooses them by name.
package import SVFTTensor

/// A built-in layout of conversations.
package enum ChatLayout: Sendable {
  case chatml
  case plain

  /// A stretch of a rendered conversation.
  package enum Piece: Sendable, Equatable {
    /// One of the layout's own control tokens, by its spelling.
    case marker(String)
    /// Text in one stretch: the layout's own words, then what somebody wrote, with its closing.
    case text(frame: String, content: String)
  }

  /// The pieces of one message, and whether the assistant wrote it.
  package struct Turn: Sendable, Equatable {
    package let pieces: [Piece]
    package let fromAssistant: Bool
  }

  /// The layout of a model without a template. `auto` takes chatml where the vocabulary has its
  /// markers and plain elsewhere.
  package init(_ style: TrainingOptions.ChatStyle, hasMarkers: Bool) {
    switch style {
    case .chatml: self = .chatml
    case .plain: self = .plain
    case .auto: self = hasMarkers ? .chatml : .plain
    }
  }

  /// The spellings that only the layout itself may write as control tokens.
  package static let markers = ["<|im_start|>", "<|im_end|>"]

  /// One message as pieces, in order. Throws `.data` for one that says nothing: these layouts have
  /// no calls of tools.
  package func turn(_ message: DataRecord.Message) throws(SVFTError) -> Turn {
    guard let content = message.content else {
      throw SVFTError(
        .data,
        "content: expected a text, found tool_calls alone, which only a template of the model's "
          + "own lays out")
    }
    let pieces: [Piece] =
      switch self {
      case .chatml:
        [
          .marker("<|im_start|>"), .text(frame: "\(message.role)\n", content: content),
          .marker("<|im_end|>"), .text(frame: "", content: "\n"),
        ]
      case .plain: [.text(frame: name(message.role) + ": ", content: content + "\n\n")]
      }
    return Turn(pieces: pieces, fromAssistant: message.role == "assistant")
  }

  /// What asks the assistant for its turn: the beginning of its turns, as far as a space that would
  /// be part of the answer's first token.
  package var invitation: [Piece] {
    switch self {
    case .chatml: [.marker("<|im_start|>"), .text(frame: "assistant\n", content: "")]
    case .plain: [.text(frame: name("assistant") + ":", content: "")]
    }
  }

  /// What comes after the assistant's turn: a control token, or the beginnings of the next turn,
  /// before which some tokenizers put a space.
  package var ends: [Piece] {
    switch self {
    case .chatml: [.marker("<|im_end|>")]
    case .plain:
      DataRecord.Message.roles.flatMap { role in
        ["\n\n", "\n\n "].map { .text(frame: $0 + name(role) + ":", content: "") }
      }
    }
  }

  private func name(_ role: String) -> String { role.prefix(1).uppercased() + role.dropFirst() }
}
