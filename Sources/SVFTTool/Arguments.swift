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
      let (folder, scale) = AdapterReference.split(specification)
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
      let (folder, scale) = AdapterReference.split(specification)
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
  @Option(help: "Bring matrices into this format while loading: f32, f16, bf16, q8_0, q4_0.")
  var quant: String?

  @Option(
    help: """
      default: 8-bit activations with quantised weights, BF16 ones with BF16 weights and in \
      training where the processor has BF16; f32: exact products.
      """)
  var compute = ModelOptions.Precision.standard.rawValue

  @Option(
    help: "Keep keys and values in f32, f16 or q8_0; auto: f32 with --compute f32, else f16.")
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

  /// The options meant.
  func options() throws -> ModelOptions {
    var options = ModelOptions()
    options.quantization = quant
    guard let precision = ModelOptions.Precision(rawValue: compute) else {
      throw ValidationError("--compute: expected default or f32, found \(compute)")
    }
    options.precision = precision
    options.keyValueFormat = kvFormat
    options.threads = threads
    options.contextLength = ctxSize
    try options.limitProcess(to: memoryLimit.map(Bytes.parse) ?? 0)
    options.cacheFolder = CacheFolder.path
    options.latents = latents
    return options
  }
}

/// Texts that flags name by their file.
enum TextInput {
  /// The file's text; "-" is the standard input.
  static func read(_ path: String) throws -> String {
    let data =
      path == "-"
      ? FileHandle.standardInput.readDataToEndOfFile() : FileManager.default.contents(atPath: path)
    guard let data else {
      throw SVFTError(.io, "\(path): expected a file of text, found none to read")
    }
    return String(decoding: data, as: UTF8.self)
  }
}

/// `--json`.
struct OutputArguments: ParsableArguments {
  @Flag(help: "Print the result as JSON.")
  var json = false

  /// Prints a report of the library: as it is, or as lines of a name and a value.
  func show(_ report: String) throws {
    Console.result(json ? report : try Self.lines(of: report).joined(separator: "\n"))
  }

  /// Prints facts: as a JSON object, or one per line.
  func show(_ facts: [String: Any]) throws {
    let data = try JSONSerialization.data(
      withJSONObject: facts, options: [.sortedKeys, .withoutEscapingSlashes])
    try show(String(decoding: data, as: UTF8.self))
  }

  /// "prefill.tokens_per_second 512.3": one line per number or text of a JSON object, a table of
  /// Markdown for a list of objects.
  private static func lines(of report: String) throws -> [String] {
    func walk(_ name: String, _ value: Any) -> [String] {
      switch value {
      case let object as [String: Any]:
        object.sorted { $0.key < $1.key }.flatMap { key, inner in
          walk(name.isEmpty ? key : "\(name).\(key)", inner)
        }
      case let rows as [[String: Any]] where !rows.isEmpty: ["", name, ""] + table(rows) + [""]
      case let list as [Any]: ["\(name) \(list.map { "\($0)" }.joined(separator: " "))"]
      default: ["\(name) \(value)"]
      }
    }
    return walk("", try JSONSerialization.jsonObject(with: Data(report.utf8)))
  }

  /// A row for each object and a column for each key, text first.
  private static func table(_ rows: [[String: Any]]) -> [String] {
    let keys = Set(rows.flatMap(\.keys))
    let texts = keys.filter { key in rows.contains { $0[key] is String } }
    let columns = texts.sorted() + keys.subtracting(texts).sorted()
    let cells = rows.map { row in
      columns.map { key in
        switch row[key] {
        case let number as Double: String(format: "%.5g", number)
        case let other?: "\(other)"
        case nil: ""
        }
      }
    }
    return ([columns, columns.map { _ in "---" }] + cells).map {
      "| \($0.joined(separator: " | ")) |"
    }
  }
}

/// "DIR:SCALE", where a colon in the path itself needs no escape.
package enum AdapterReference {
  /// What stands for no adapter where each prompt has its own; a folder of that name is "./none".
  package static let none = "none"

  /// The folder, and the factor at its end if there is one.
  package static func split(_ text: String) -> (folder: String, scale: Float) {
    guard let colon = text.lastIndex(of: ":"), let scale = Float(text[text.index(after: colon)...])
    else { return (text, 1) }
    return (String(text[..<colon]), scale)
  }
}

/// "512M", "2G".
package enum Bytes {
  /// A number of bytes. Throws a usage error for anything else.
  package static func parse(_ text: String) throws -> Int {
    let units: [Character: Double] = ["K": 1024, "M": 1_048_576, "G": 1_073_741_824]
    let unit = text.last.flatMap { units[Character($0.uppercased())] }
    let number = Double(unit == nil ? text : String(text.dropLast()))
    guard let number, number >= 0, number * (unit ?? 1) < 1e18 else {
      throw ValidationError("expected a number of bytes such as 512M or 2G, found \(text)")
    }
    return Int(number * (unit ?? 1))
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
