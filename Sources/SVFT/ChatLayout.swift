// How a conversation becomes text, and which parts of it count for the loss.
//
//   chatml  <|im_start|>role\ncontent<|im_end|>\n
//   plain   Role: content\n\n
//
// A model file's own template is not interpreted here; it is refused by name, so that nobody trains
// on a layout the model does not know without having chosen it.
package import SVFTTensor

/// A built-in layout of conversations.
package enum ChatLayout: Sendable {
  case chatml
  case plain

  /// A stretch of rendered text, and whether the assistant wrote it.
  package struct Piece: Equatable {
    package let text: String
    package let fromAssistant: Bool
  }

  /// The layout a run uses. `auto` takes chatml where the vocabulary has its markers and plain
  /// elsewhere, and throws `.unsupported` where the model brings a template of its own.
  package init(
    _ style: TrainingOptions.ChatStyle, hasTemplate: Bool, hasMarkers: Bool
  ) throws(SVFTError) {
    switch style {
    case .chatml: self = .chatml
    case .plain: self = .plain
    case .auto:
      guard !hasTemplate else {
        throw SVFTError(
          .unsupported,
          "the model's own chat_template is not interpreted yet: choose the layout chatml or plain")
      }
      self = hasMarkers ? .chatml : .plain
    }
  }

  /// The conversation as pieces of text, in order.
  package func render(_ messages: [DataRecord.Message]) -> [Piece] {
    messages.flatMap { message in
      let mine = message.role == "assistant"
      let (before, after) = frame(of: message.role)
      return [
        Piece(text: before, fromAssistant: false),
        Piece(text: message.content + after, fromAssistant: mine),
      ]
    }
  }

  /// The text that asks the assistant for its turn.
  package var invitation: String { frame(of: "assistant").before }

  private func frame(of role: String) -> (before: String, after: String) {
    switch self {
    case .chatml: ("<|im_start|>\(role)\n", "<|im_end|>\n")
    case .plain: ("\(role.prefix(1).uppercased())\(role.dropFirst()): ", "\n\n")
    }
  }
}
