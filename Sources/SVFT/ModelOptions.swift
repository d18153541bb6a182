// How a model is loaded. The same fields stand in svft_model_params and in the command line's
// flags.
import SVFTLayers
import SVFTModels
import SVFTTensor

/// Options of loading.
public struct ModelOptions: Sendable {
  /// How products treat activations.
  public enum Precision: String, Sendable, CaseIterable {
    /// The custom of the weights' format: 8-bit activations with block-quantised weights, BF16 with
    /// BF16 weights and in training where the processor multiplies that faster.
    case standard = "default"
    /// F32 throughout.
    case f32
  }

  /// Threads to compute with; 0 is one per available processor.
  public var threads = 0
  /// Format or mixture of formats that matrices are brought into while loading ("q8_0", "q4_k_m",
  /// "f16", …); nil leaves them as they lie.
  public var quantization: String?
  /// How exactly products are computed.
  public var precision = Precision.standard
  /// Format of cached keys and values ("f32", "f16", "q8_0", …); nil or "auto" is F32 where compute
  /// is F32 throughout, else F16.
  public var keyValueFormat: String?
  /// Bytes the model may use, weights included; 0 is no limit.
  public var memoryLimit = 0
  /// Tokens of a sequence at most; 0 is the model's own context.
  public var contextLength = 0
  /// Folder where singular factors are kept between runs; nil keeps none.
  public var cacheFolder: String?
  /// Folder or file with the full-precision weights this model was quantised from, for
  /// quantisation-aware adapters; nil takes its own files where it is quantised while loading.
  public var latents: String?
  /// Reads files into memory instead of mapping them: for files that others may change meanwhile.
  public var copiesFile = false

  /// The defaults: files as they lie, every processor.
  public init() {}

  /// Sets the memory limit so that a process that is the model's alone stays within `bytes`, what
  /// it holds already included; 0 is no limit.
  ///
  /// Throws `.memory` where it holds as much by itself.
  package mutating func limitProcess(to bytes: Int) throws(SVFTError) {
    let held = ProcessMemory.resident
    guard bytes <= 0 || bytes > held else {
      throw SVFTError(
        .memory,
        "memory limit: expected more than the \(held) bytes that the process holds before it loads"
          + " a model, found \(bytes)")
    }
    memoryLimit = bytes > 0 ? bytes - held : bytes
  }

  var compute: Compute { precision == .f32 ? .f32 : .standard }

  /// The format of the cache meant. Throws `.unsupported` for an unknown one, and for one whose
  /// blocks do not fit the keys of a model that has a cache.
  func resolvedKeyValueFormat(of geometry: Geometry) throws(SVFTError) -> any ElementFormat {
    guard let name = keyValueFormat, name != "auto" else {
      return compute == .f32 ? ElementFormats.f32 : ElementFormats.f16
    }
    guard let format = KVCache.formats.first(where: { $0.name.lowercased() == name.lowercased() })
    else {
      let known = ["auto"] + KVCache.formats.map { $0.name.lowercased() }
      throw SVFTError(
        .unsupported,
        "kv_format: expected one of \(known.joined(separator: ", ")), found "
          + name.debugDescription)
    }
    if geometry.isCausal { try KVCache.requireFit(width: geometry.keyValueWidth, format) }
    return format
  }

  /// The number of threads meant. Throws `.invalidArgument`.
  func resolvedThreads() throws(SVFTError) -> Int {
    let count = try Checked.within(threads, 0...Parallel.threadLimit, "threads")
    return count == 0 ? Parallel.processors : count
  }

  /// The longest sequence meant; an image always has all of its rows. Throws `.invalidArgument` for
  /// more than the model's own context, where that binds it.
  func resolvedContext(of geometry: Geometry) throws(SVFTError) -> Int {
    let own = geometry.contextLength
    let most = geometry.isContextBound ? own : max(own, 1 << 20)
    let length = try Checked.within(contextLength, 0...most, "context_length")
    return length == 0 || geometry.grid != nil ? own : length
  }
}
