// Groups of flags that several commands share, with the names people know from llama.cpp and
// mlx-lm.
import ArgumentParser
import Foundation
import SVFT

/// Which model, with which adapters.
struct ModelArguments: ParsableArguments {
  @Option(name: [.customShort("m"), .long], help: "Model folder (Hugging Face) or .gguf file.")
  var model: String

  @Option(help: "Adapter folder, with an optional factor: DIR[:SCALE]. May be repeated.")
  var adapter: [String] = []

  @OptionGroup var loading: LoadingArguments

  /// Loads the model with its adapters.
  func load() throws -> Model {
    let model = try loadBase()
    for specification in adapter {
      let (folder, scale) = try AdapterReference.split(specification)
      _ = try model.loadAdapter(folder, scale: scale, progress: Console.progress)
    }
    return model
  }

  /// Loads the model with its adapters for single prompts: each folder once, and an entry for each
  /// `--adapter`, nil for "none".
  func loadForPrompts() throws -> (Model, [PromptAdapter?]) {
    let model = try loadBase()
    var loaded: [String: Adapter] = [:]
    var entries: [PromptAdapter?] = []
    for specification in adapter {
      guard specification != AdapterReference.none else {
        entries.append(nil)
        continue
      }
      let (folder, scale) = try AdapterReference.split(specification)
      let adapter =
        try loaded[folder]
        ?? model.loadAdapter(folder, scale: 0, progress: Console.progress)
      loaded[folder] = adapter
      entries.append(PromptAdapter(adapter, scale: scale))
    }
    return (model, entries)
  }

  private func loadBase() throws -> Model {
    let model = try Model(path: model, options: loading.options(), progress: Console.progress)
    try Interrupt.watch(model)
    return model
  }
}

/// How a model is loaded.
struct LoadingArguments: ParsableArguments {
  @Option(
    help: """
      Bring matrices into this format while loading: f32, f16, bf16, q8_0, q6_k, q4_k, q4_0, nf4 … \
      or a mixture: q4_k_m …
      """)
  var quant: String?

  @Option(
    help: """
      default: 8-bit activations with quantised weights, BF16 ones with BF16 weights and in \
      training where the processor has BF16; f32: exact products.
      """)
  var compute = ModelOptions.Precision.standard.rawValue

  @Option(
    help: """
      Keep keys and values in f32, f16, bf16, q8_0 or q4_0; auto: f32 with --compute f32, else f16.
      """)
  var kvFormat = "auto"

  @Option(name: [.customShort("t"), .long], help: "Threads; 0 is one per available processor.")
  var threads = 0

  @Option(
    name: [.customShort("c"), .long],
    help: "Tokens of a sequence at most; 0 is the model's own context.")
  var ctxSize = 0

  @Option(
    help: """
      Folder or file with the full-precision weights a quantised model was made of; without it \
      the model's own, where --quant rounds them.
      """)
  var latents: String?

  @Option(help: "Refuse to let the process use more memory than this, e.g. 2G.")
  var memoryLimit: String?

  /// The memory limit in bytes. Throws `.invalidArgument`.
  var memoryLimitBytes: Int? {
    get throws { try memoryLimit.map { try ByteCount.parse($0, "--memory-limit") } }
  }

  /// The options meant.
  func options() throws -> ModelOptions {
    var options = ModelOptions()
    options.quantization = quant
    options.precision = try RequestText.word(compute, "--compute")
    options.keyValueFormat = kvFormat
    options.threads = threads
    options.contextLength = ctxSize
    try options.limitProcess(to: memoryLimitBytes ?? 0)
    options.cacheFolder = CacheFolder.path
    options.latents = latents
    return options
  }
}

/// Texts that flags name by their file.
enum TextInput {
  /// The file's text; "-" is the standard input. Throws `.io`, `.format` where it is no UTF-8.
  static func read(_ path: String) throws -> String {
    let name = path == "-" ? "standard input" : path
    let handle =
      try path == "-" ? FileHandle.standardInput : FileHandle(forReadingFrom: file(path))
    guard let text = String(data: try handle.readToEnd() ?? Data(), encoding: .utf8) else {
      throw SVFTError(.format, "\(name): expected text in UTF-8, found other bytes")
    }
    return text
  }

  /// A file that can be read. Throws `.io`.
  private static func file(_ path: String) throws -> URL {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    guard exists, !isFolder.boolValue, FileManager.default.isReadableFile(atPath: path) else {
      let found = !exists ? "none there" : isFolder.boolValue ? "a folder" : "one without access"
      throw SVFTError(.io, "\(path): expected a file of text, found \(found)")
    }
    return URL(fileURLWithPath: path)
  }
}

/// What the library takes as JSON or as words, from flags.
enum RequestText {
  /// An object as the text of JSON.
  static func json(_ object: [String: Any]) throws -> String {
    let data = try JSONSerialization.data(
      withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
    return String(decoding: data, as: UTF8.self)
  }

  /// One of the words of an option. Throws a usage error for another.
  static func word<Word: RawRepresentable & CaseIterable>(
    _ text: String, _ flag: String
  ) throws -> Word where Word.RawValue == String {
    guard let word = Word(rawValue: text) else {
      let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("\(flag): expected one of \(known), found \(text.debugDescription)")
    }
    return word
  }
}

/// `--json`.
struct OutputArguments: ParsableArguments {
  @Flag(help: "Print the result as JSON.")
  var json = false

  /// Prints a report of the library: as it is, or for people.
  func show(_ report: String) throws {
    Console.result(json ? report : try Report.text(of: report))
  }

  /// Prints facts: as a JSON object, or one per line.
  func show(_ facts: [String: Any]) throws {
    try show(RequestText.json(facts))
  }
}

/// "DIR:SCALE", where a colon in the path itself needs no escape.
package enum AdapterReference {
  /// What stands for no adapter where each prompt has its own; a folder of that name is "./none".
  package static let none = "none"

  /// The folder, and the factor at its end if there is one. Throws a usage error where what stands
  /// behind the colon of a path that exists is no number.
  package static func split(_ text: String) throws -> (folder: String, scale: Float) {
    guard let colon = text.lastIndex(of: ":") else { return (text, 1) }
    let (folder, end) = (String(text[..<colon]), text[text.index(after: colon)...])
    if let scale = Float(end) { return (folder, scale) }
    let files = FileManager.default
    guard files.fileExists(atPath: text) || !files.fileExists(atPath: folder) else {
      throw ValidationError(
        "--adapter \(text): expected a number behind the colon, found "
          + String(end).debugDescription)
    }
    return (text, 1)
  }
}

/// Where singular factors are kept: $SVFT_CACHE, else the user's cache folder (XDG).
enum CacheFolder {
  static var path: String? {
    let environment = ProcessInfo.processInfo.environment
    if let named = environment["SVFT_CACHE"] { return named.isEmpty ? nil : named }
    if let base = environment["XDG_CACHE_HOME"], base.hasPrefix("/") { return base + "/svft" }
    return environment["HOME"].map { $0 + "/.cache/svft" }
  }
}
