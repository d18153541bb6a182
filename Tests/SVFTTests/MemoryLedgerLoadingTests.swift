// The caller's limit is kept by refusing, before memory is taken. Each in a process of its own:
// tests beside it use memory too.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct MemoryLedgerLoadingTests {
  /// A model file of some 30 MB.
  private static func large(_ tiny: TinyVerbs) throws -> String {
    let model = TinyModel.llama(
      .init { ($0.vocabulary, $0.hidden, $0.feedForward) = (372, 256, 5000) })
    try model.write(folder: tiny.folder.file("model"))
    return tiny.folder.file("model")
  }

  private static func load(_ path: String, _ limit: Int, _ change: (inout ModelOptions) -> Void)
    throws -> Model
  {
    var options = ModelOptions()
    (options.threads, options.memoryLimit) = (1, limit)
    change(&options)
    return try Model(path: path, options: options)
  }

  /// Runs `body`, which must throw `.memory`, and gives how much the process's peak grew.
  private static func growth(_ body: () throws -> Void) throws -> Int {
    // Making the model's file took more than the model does: 5 resets the peak to what is in use.
    let resets = try #require(FileHandle(forWritingAtPath: "/proc/self/clear_refs"))
    try resets.write(contentsOf: Data("5".utf8))
    try resets.close()
    let before = try #require(ProcessMemory.peak)
    do {
      try body()
      throw SVFTError(.internal, "the limit was not kept")
    } catch let error as SVFTError {
      guard error.kind == .memory, error.message.contains("memory_limit") else { throw error }
    }
    return try #require(ProcessMemory.peak) - before
  }

  @Test(.enabled(if: !Sanitizer.isOn, "the sanitiser's own memory would count"))
  func loadingIsRefusedBeforeAnythingIsCopied() async {
    await #expect(processExitsWith: .success) {
      let tiny = try TinyVerbs()
      let path = try Self.large(tiny)
      for change: (inout ModelOptions) -> Void in [
        { $0.copiesFile = true }, { $0.quantization = "f16" },
      ] {
        let grown = try Self.growth { _ = try Self.load(path, 8 << 20, change) }
        guard grown < 8 << 20 else { throw SVFTError(.internal, "\(grown) bytes were taken") }
      }
    }
  }

  @Test func stepsAndCachesAreRefusedBeforeTheyAreAllocated() async {
    await #expect(processExitsWith: .success) {
      let tiny = try TinyVerbs()
      var wide = TinyModel.llama(.init { ($0.vocabulary, $0.context) = (372, 1 << 20) })
      wide.config["max_position_embeddings"] = .integer(1 << 20)
      try wide.write(folder: tiny.folder.file("model"))
      let model = try Self.load(tiny.folder.file("model"), 48 << 20) { _ in }
      let ids = [Int32](repeating: 5, count: 400_000)
      let step = try Self.growth { _ = try model.logits(ids) }
      var options = GenerationOptions()
      (options.maxTokens, options.temperature) = (1 << 20, 0)
      let cache = try Self.growth { _ = try model.generate(["the cat"], options) }
      guard step < 48 << 20, cache < 48 << 20 else {
        throw SVFTError(.internal, "\(step) and \(cache) bytes were taken")
      }
      // Smaller steps of the same model go on.
      _ = try model.logits([1, 2, 3])
      options.maxTokens = 4
      _ = try model.generate(["the cat"], options)
    }
  }

  @Test func factorsAreRefusedBeforeTheyAreComputed() async {
    await #expect(processExitsWith: .success) {
      let tiny = try TinyVerbs()
      let model = try Self.load(try Self.large(tiny), 40 << 20) { _ in }
      let grown = try Self.growth { _ = try model.createAdapter(#"{"method":"svft"}"#) }
      // The mapped file (31 MB) has been read for its hashes; the factors would be as large again.
      guard grown < 44 << 20 else { throw SVFTError(.internal, "\(grown) bytes were taken") }
    }
  }

  @Test(.enabled(if: !Sanitizer.isOn, "the sanitiser's own memory would count"))
  func mappedWeightsCount() async {
    await #expect(processExitsWith: .success) {
      let tiny = try TinyVerbs()
      let path = try Self.large(tiny)
      let grown = try Self.growth { _ = try Self.load(path, 24 << 20) { _ in } }
      guard grown < 8 << 20 else { throw SVFTError(.internal, "\(grown) bytes were taken") }
      _ = try Self.load(path, 40 << 20) { _ in }
    }
  }

  @Test func aNegativeLimitIsRefused() throws {
    let tiny = try TinyVerbs()
    let failure = #expect(throws: SVFTError.self) {
      try Self.load(tiny.folder.file("model"), -1) { _ in }
    }
    #expect(failure?.kind == .invalidArgument)
  }
}
