// Every status of svft.h, each raised through the C interface by what it stands for. No input makes
// libsvft be at fault: SVFT_INTERNAL is raised where all functions of the interface tell failures.
import CSVFT
import Foundation
import SVFTC
import SVFTTensor
import TestKit
import Testing

@Suite struct StatusTests {
  /// A way to get one status.
  struct Cause: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let status: svft_status
    let raise: @Sendable (TinyHost) throws -> svft_status

    init(
      _ description: String, _ status: some BinaryInteger,
      _ raise: @escaping @Sendable (TinyHost) throws -> svft_status
    ) {
      (testDescription, self.status, self.raise) = (description, svft_status(status), raise)
    }
  }

  static let causes = [
    Cause("no handle", SVFT_INVALID_ARGUMENT) { _ in svft_adapter_set_scale(nil, 1) },
    Cause("no such file", SVFT_IO) { load($0.folder.file("nowhere")) },
    Cause("a file of another kind", SVFT_FORMAT) {
      load(try $0.folder.write("page.gguf", String(repeating: "<html>", count: 20)))
    },
    Cause("a file that ends too early", SVFT_TRUNCATED) {
      load(try $0.folder.write("short.gguf", "GGUF"))
    },
    Cause("a method nobody knows", SVFT_UNSUPPORTED) { adapter($0, #"{"method":"magic"}"#) },
    Cause("tensors unlike the configuration", SVFT_SHAPE) { host in
      let path = try copy(to: host.folder)
      let config = try String(contentsOfFile: path + "/config.json", encoding: .utf8)
      let other = config.replacingOccurrences(of: "_size\": 64", with: "_size\": 60")
      try host.folder.write("copy/config.json", other)
      return load(path)
    },
    Cause("no target in this base", SVFT_MISMATCH) {
      adapter($0, #"{"method":"lora","targets":["nothing"]}"#)
    },
    Cause("a broken record", SVFT_DATA) { host in
      let path = try host.folder.write("data.jsonl", "{\"text\": 1}\n")
      var out: UnsafeMutablePointer<CChar>?
      return svft_evaluate(host.model, path, nil, nil, nil, &out)
    },
    Cause("a buffer too small", SVFT_LIMIT) { host in
      var count = 0
      return svft_model_tokenize(host.model, "The sea", 1, nil, 0, &count)
    },
    Cause("more memory than allowed", SVFT_MEMORY) { _ in
      load(TinyHost.fixture("llama")) { $0.memory_limit = 1 }
    },
    Cause("a step after the last", SVFT_STATE) { host in
      let adapter = try host.adapter()
      defer { svft_adapter_free(adapter) }
      let trainer = try host.trainer(adapter)
      defer { svft_trainer_free(trainer) }
      try succeed(svft_trainer_run(trainer, nil, nil))
      var loss = 0.0
      return svft_trainer_step(trainer, &loss)
    },
    Cause("a callback that says no", SVFT_CANCELLED) { host in
      var out: UnsafeMutablePointer<CChar>?
      let data = TinyHost.fixture("tales.jsonl")
      return svft_evaluate(host.model, data, nil, { _, _, _, _ in 1 }, nil, &out)
    },
    Cause("weights that are no numbers", SVFT_NON_FINITE) { host in
      let path = try copy(to: host.folder)
      var bytes = try Data(contentsOf: URL(fileURLWithPath: path + "/model.safetensors"))
      let header = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
      for place in (8 + header)..<bytes.count { bytes[place] = 0xFF }
      try host.folder.write("copy/model.safetensors", Array(bytes))
      var model: OpaquePointer?
      try succeed(svft_model_load(path, nil, &model))
      defer { svft_model_free(model) }
      return svft_model_factor(model, nil, nil, nil)
    },
  ]

  @Test func theLibrarysOwnFaultIsInternalAndNamedSo() {
    let fault = #expect(throws: SVFTError.self) { try invariant(1 > 2, "1 is not above 2") }
    #expect(fault.map { told($0) } == number(SVFT_INTERNAL))
    #expect(lastError() == "libsvft is at fault: 1 is not above 2")
  }

  @Test func everyStatusOfTheHeaderIsRaisedHere() throws {
    let header = try String(
      contentsOfFile: SharedData.packageRoot + "/include/svft.h", encoding: .utf8)
    let declared = header.matches(of: /\n  SVFT_[A-Z_]+ = ([0-9]+)/).compactMap { Int32($0.1) }
    let raised =
      Self.causes.map(\.status)
      + [SVFT_OK, SVFT_BUSY, SVFT_NO_SPACE, SVFT_INTERNAL].map {
        number($0)
      }
    #expect(declared.count == 17 && Set(declared) == Set(raised))
  }

  @Test(arguments: causes) func theCauseHasItsStatus(_ cause: Cause) throws {
    let status = try cause.raise(try TinyHost())
    #expect(status == cause.status, "\(lastError())")
    #expect(!lastError().isEmpty)
  }

  @Test func aCallbackThatCallsBackFindsTheModelBusy() throws {
    let host = try TinyHost()
    var out: UnsafeMutablePointer<CChar>?
    let status = svft_evaluate(
      host.model, TinyHost.fixture("tales.jsonl"), nil,
      { model, _, _, _ in
        var out: UnsafeMutablePointer<CChar>?
        let status = svft_model_describe(model.map { OpaquePointer($0) }, &out)
        return status == number(SVFT_BUSY) ? 0 : 1
      }, host.model.map { UnsafeMutableRawPointer($0) }, &out)
    #expect(status == 0)
    svft_string_free(out)
  }

  /// In a process of its own, because the limit on file sizes holds for the whole process.
  @Test func aFullDiskIsToldAndLeavesNoAdapter() async {
    await #expect(processExitsWith: .exitCode(42)) {
      let host = try TinyHost()
      let adapter = try host.adapter()
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 1024, rlim_max: 1024)
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      let status = svft_adapter_save(adapter, host.folder.file("saved"))
      let names = try FileManager.default.subpathsOfDirectory(atPath: host.folder.path)
      let isWhole = names.contains { $0.contains(".safetensors") || $0.contains("tmp") }
      exit(status == number(SVFT_NO_SPACE) && !isWhole ? 42 : 1)
    }
  }

  /// The status of loading.
  private static func load(
    _ path: String, _ change: (inout svft_model_params) -> Void = { _ in }
  ) -> svft_status {
    guard var params = try? TinyHost.params() else { return -1 }
    change(&params)
    var model: OpaquePointer?
    return svft_model_load(path, &params, &model)
  }

  private static func adapter(_ host: TinyHost, _ options: String) -> svft_status {
    var adapter: OpaquePointer?
    return svft_adapter_create(host.model, options, &adapter)
  }

  /// A copy of the tiny model that may be spoilt.
  private static func copy(to folder: TemporaryFolder) throws -> String {
    let path = folder.file("copy")
    try FileManager.default.copyItem(atPath: TinyHost.fixture("llama"), toPath: path)
    return path
  }
}
