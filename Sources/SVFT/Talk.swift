// A conversation as people have it in files and requests:
//
//   {"messages": [{"role", "content", …}, …], "tools": [{…}, …], "chat_template_kwargs": {…}}
//
// "content" is a text or a list of parts {"type": "text", "text"}. What a message has beyond role
// and content (tool_calls, reasoning_content, name), the tools and the further variables reach a
// model's own template; the built-in layouts know role and content alone. A variable "now" is the
// moment, in seconds since 1970, that the template's strftime_now tells instead of the clock.
package import SVFTFormats
package import SVFTTensor

extension DataRecord {
  /// A conversation.
  package struct Talk: Sendable, Equatable, ExpressibleByArrayLiteral {
    package let messages: [Message]
    /// Functions that the assistant may call, as the template wants them described.
    package var tools: [JSON] = []
    /// Further variables of the template.
    package var variables = JSON.Object()

    package init(_ messages: [Message]) { self.messages = messages }

    package init(arrayLiteral messages: Message...) { self.messages = messages }

    /// Reads a conversation. Throws `.data`, `.format`.
    package init(_ object: JSON.Object) throws(SVFTError) {
      var messages: [Message] = []
      for turn in try object.objects("messages") { messages.append(try Message(turn)) }
      guard !messages.isEmpty else {
        throw SVFTError(.data, "messages: expected at least one turn, found none")
      }
      self.messages = messages
      for tool in object.has("tools") ? try object.objects("tools") : [] {
        tools.append(.object(tool))
      }
      if object.has("chat_template_kwargs") {
        variables = try object.object("chat_template_kwargs")
      }
    }

    /// The conversation before its turn `count`.
    func first(_ count: Int) -> Talk {
      var part = Talk(Array(messages.prefix(count)))
      part.tools = tools
      part.variables = variables
      return part
    }
  }

  /// One turn of a conversation.
  package struct Message: Sendable, Equatable {
    package let role: String
    /// What it says; nil where it only calls tools.
    package let content: String?
    /// All of it.
    package let fields: JSON.Object

    /// Who may speak.
    package static let roles = ["system", "user", "assistant", "tool"]

    package init(role: String, content: String) {
      self.role = role
      self.content = content
      fields = JSON.Object([("role", .string(role)), ("content", .string(content))])
    }

    /// Reads a turn. Throws `.data`, `.format`.
    init(_ turn: JSON.Object) throws(SVFTError) {
      let role = try turn.string("role")
      guard Message.roles.contains(role) else {
        throw SVFTError(
          .data, "role: expected system, user, assistant or tool, found \"\(role.prefix(40))\"")
      }
      self.role = role
      fields = turn
      if case .array? = turn["content"] {
        content = try Message.text(of: turn.objects("content"))
      } else if turn.has("tool_calls"), !turn.has("content") {
        content = nil
      } else {
        content = try turn.string("content")
      }
    }

    /// The text of a content in parts.
    private static func text(of parts: [JSON.Object]) throws(SVFTError) -> String {
      var text = ""
      for part in parts {
        let type = try part.string("type")
        guard type == "text" else {
          throw SVFTError(.data, "content: expected parts of text, found \"\(type.prefix(40))\"")
        }
        text += try part.string("text")
      }
      return text
    }
  }
}
