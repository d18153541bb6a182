// svft generate: continues prompts, conversations or tokens.
import ArgumentParser
import Foundation
import SVFT

struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Continue a prompt, a conversation or tokens.")

  @OptionGroup var source: ModelArguments
  @OptionGroup var output: OutputArguments
  @Option(name: [.short, .long], help: "The prompt; several make one batch. \"-\" reads stdin.")
  var prompt: [String] = []
  @Option(
    help: """
      JSON file of a conversation, [{"role": "user", "content": "…"}, …], to be answered; \
      several make one batch. "-" reads stdin.
      """)
  var messages: [String] = []
  @Option(help: "Layout of messages: auto, chatml or plain.")
  var chatLayout = TrainingOptions.ChatStyle.auto.rawValue
  @Option(help: "Token ids separated by commas instead of a prompt; several make one batch.")
  var tokens: [String] = []
  @Option(
    help: """
      File of a text in progress: taken where it exists, so that only what is new of the prompt is \
      computed, and written at the end, also after Ctrl-C. Without a prompt its text goes on.
      """)
  var session: String?
  @Flag(help: "Add the prompt to the text of --session; without, it is the whole text.")
  var extend = false
  @Flag(
    help: """
      Give the first --adapter to the first prompt alone, the second to the second and so on; \
      "none" stands for none. All prompts still are one batch.
      """)
  var adapterPerPrompt = false
  @OptionGroup var sampling: SamplingFlags

  func validate() throws {
    guard [prompt, messages, tokens].count(where: { !$0.isEmpty }) < 2 else {
      throw ValidationError("expected one of --prompt, --messages and --tokens, found several")
    }
    guard session == nil || prompt.count + messages.count + tokens.count < 2 else {
      throw ValidationError("--session: expected one prompt, found several")
    }
    let count = max(1, prompt.count + messages.count + tokens.count)
    guard !adapterPerPrompt || source.adapter.count == count else {
      throw ValidationError(
        "--adapter-per-prompt: expected one --adapter for each of \(count) prompts, found "
          + "\(source.adapter.count)")
    }
    guard !extend || (session != nil && messages.isEmpty && tokens.isEmpty) else {
      throw ValidationError("--extend: expected --session, and a --prompt if any, found otherwise")
    }
  }

  func run() throws {
    let options = try sampling.options()
    let prompts = try prompt.map(Self.text)
    let count = max(1, prompts.count + messages.count + tokens.count)
    let streams = !output.json && count == 1
    let (results, hasTexts) = try continued(prompts, options) { _, _, text in
      if streams { Console.result(text, terminator: "") }
      return !Interrupt.isRequested
    }
    if output.json {
      Console.result(try Report.json(of: results))
    } else if !hasTexts {
      for result in results {
        Console.result(result.tokens.map(String.init).joined(separator: ","))
      }
    } else if streams {
      Console.result("")
    } else {
      for (index, result) in results.enumerated() {
        Console.result((index < prompts.count ? prompts[index] : "") + result.text + "\n")
      }
    }
  }

  /// Loads the model and continues what was given; without anything, the empty prompt. Says too
  /// whether the model has a tokenizer, so that there are texts.
  private func continued(
    _ prompts: [String], _ options: GenerationOptions, _ onToken: @escaping TokenCallback
  ) throws -> (results: [Generation], hasTexts: Bool) {
    let layout: TrainingOptions.ChatStyle = try RequestText.word(chatLayout, "--chat-layout")
    let conversations = try messages.map(TextInput.read)
    let ids = try tokens.map(Self.ids)
    let (model, adapters) = try adapterPerPrompt ? source.loadForPrompts() : (source.load(), [])
    var options = options
    options.adapters = adapters
    for (path, conversation) in zip(messages, conversations) {
      try Self.check(path, conversation, layout, model)
    }
    func results() throws -> [Generation] {
      if let session {
        return [
          try SessionRun(model, file: session).continued { (session) throws(SVFTError) in
            if let talk = conversations.first {
              return try session.generate(
                conversation: talk, layout: layout, options, onToken: onToken)
            }
            if let ids = ids.first {
              return try session.generate(tokens: ids, options, onToken: onToken)
            }
            guard let text = prompts.first, !extend else {
              return try session.extend(prompts.first ?? "", options, onToken: onToken)
            }
            return try session.generate(text, options, onToken: onToken)
          }
        ]
      }
      if !messages.isEmpty {
        return try model.generate(
          conversations: conversations, layout: layout, options, onToken: onToken)
      }
      if !tokens.isEmpty { return try model.generate(tokens: ids, options, onToken: onToken) }
      return try model.generate(prompts.isEmpty ? [""] : prompts, options, onToken: onToken)
    }
    return (try results(), try model.hasTokenizer)
  }

  private static func text(_ prompt: String) throws -> String {
    prompt == "-" ? try TextInput.read(prompt) : prompt
  }

  /// What is wrong with messages is a file's fault here.
  private static func check(
    _ path: String, _ messages: String, _ layout: TrainingOptions.ChatStyle, _ model: Model
  ) throws(SVFTError) {
    do {
      _ = try model.tokenize(conversation: messages, layout: layout)
    } catch {
      guard error.kind == .invalidArgument else { throw error }
      throw SVFTError(.format, "\(path == "-" ? "standard input" : path): \(error.message)")
    }
  }

  private static func ids(_ list: String) throws -> [Int32] {
    try list.split(separator: ",", omittingEmptySubsequences: false).map { word in
      guard let id = Int32(word.trimmingCharacters(in: .whitespaces)) else {
        throw ValidationError("--tokens: expected token ids separated by commas, found \(list)")
      }
      return id
    }
  }
}
