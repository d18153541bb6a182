// A C host in Swift: the fixtures' tiny models through the functions of svft.h alone, with what a
// host keeps: handles, and the ownership of strings.
import CSVFT
import Foundation
import TestKit
import Testing

/// A loaded tiny model and a folder for its products.
final class TinyHost {
  let folder: TemporaryFolder
  private(set) var model: OpaquePointer?

  init(_ name: String = "llama", threads: Int32 = 1) throws {
    folder = try TemporaryFolder()
    var params = try Self.params()
    params.threads = threads
    let path = Self.fixture(name)
    try succeed(svft_model_load(path, &params, &model))
  }

  static func params() throws -> svft_model_params {
    var params = svft_model_params()
    try succeed(svft_model_params_init(&params, MemoryLayout<svft_model_params>.size))
    return params
  }

  static func fixture(_ name: String) -> String {
    SharedData.packageRoot + "/Tests/Fixtures/" + name
  }

  func adapter(_ options: String = #"{"method":"lora","r":2}"#) throws -> OpaquePointer {
    var adapter: OpaquePointer?
    try succeed(svft_adapter_create(model, options, &adapter))
    return try #require(adapter)
  }

  func trainer(
    _ adapter: OpaquePointer, output: String? = nil,
    _ change: (inout svft_train_params) -> Void = { _ in }
  ) throws -> OpaquePointer {
    var params = svft_train_params()
    try succeed(svft_train_params_init(&params, MemoryLayout<svft_train_params>.size))
    params.steps = 4
    params.steps_per_report = 1
    change(&params)
    var trainer: OpaquePointer?
    try succeed(
      svft_trainer_create(
        adapter, Self.fixture("tales.jsonl"), nil, output.map(folder.file), &params, &trainer))
    return try #require(trainer)
  }

  func tokens(_ text: String) throws -> [Int32] {
    var ids = [Int32](repeating: 0, count: 256)
    var count = 0
    try succeed(svft_model_tokenize(model, text, 1, &ids, ids.count, &count))
    return Array(ids.prefix(count))
  }

  func logits(_ text: String = "The lamp") throws -> [Float] {
    let ids = try tokens(text)
    var values = [Float](repeating: 0, count: 256 * 408)
    var count = 0
    try succeed(svft_model_logits(model, ids, ids.count, &values, values.count, &count))
    return Array(values.prefix(count))
  }

  /// Frees the model before this object does.
  func close() {
    svft_model_free(model)
    model = nil
  }

  deinit { close() }
}

/// A status other than ok, with the library's sentence.
struct Failure: Error, CustomStringConvertible {
  let status: svft_status
  let description: String
}

/// Throws what a call reports.
func succeed(_ status: svft_status) throws {
  guard status != 0 else { return }
  throw Failure(status: status, description: "\(status): \(lastError())")
}

/// The sentence of this thread.
func lastError() -> String { String(cString: svft_last_error()) }

/// The text that `call` hands out, which is freed.
func text(
  _ call: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> svft_status
) throws -> String {
  var out: UnsafeMutablePointer<CChar>?
  try succeed(call(&out))
  defer { svft_string_free(out) }
  return String(cString: try #require(out))
}

/// The JSON object that `call` hands out.
func object(
  _ call: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> svft_status
) throws -> [String: Any] {
  let parsed = try JSONSerialization.jsonObject(with: Data(try text(call).utf8))
  return try #require(parsed as? [String: Any])
}

/// Texts as C has arrays of strings.
func withStrings<Result>(
  _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) throws -> Result
) rethrows -> Result {
  let copies = texts.map { strdup($0) }
  defer { for copy in copies { free(copy) } }
  var pointers = copies.map { UnsafePointer($0) }
  return try body(&pointers)
}

/// A status of svft.h as the number that functions return.
func number(_ status: some BinaryInteger) -> svft_status { svft_status(status) }
