// Adapters through the C interface: made, saved, loaded, scaled, exported, described, freed.
import CSVFT
import Foundation
import TestKit
import Testing

@Suite struct AdapterABITests {
  /// A host with a LoRA that has learnt something.
  private func trained() throws -> (TinyHost, OpaquePointer) {
    let host = try TinyHost()
    let adapter = try host.adapter()
    let trainer = try host.trainer(adapter) { $0.learning_rate = 0.05 }
    defer { svft_trainer_free(trainer) }
    try succeed(svft_trainer_run(trainer, nil, nil))
    return (host, adapter)
  }

  @Test func scalesSwitchAndFreeingDetaches() throws {
    let (host, adapter) = try trained()
    let changed = try host.logits()
    try succeed(svft_adapter_set_scale(adapter, 0))
    let base = try host.logits()
    #expect(base != changed)
    try succeed(svft_adapter_set_scale(adapter, 1))
    #expect(try host.logits() == changed)
    #expect(svft_adapter_set_scale(adapter, .nan) == number(SVFT_INVALID_ARGUMENT))
    svft_adapter_free(adapter)
    #expect(try host.logits() == base)
  }

  @Test func aSavedAdapterIsTheSame() throws {
    let (host, adapter) = try trained()
    let changed = try host.logits()
    let path = host.folder.file("saved")
    try succeed(svft_adapter_save(adapter, path))
    svft_adapter_free(adapter)
    var loaded: OpaquePointer?
    try succeed(svft_adapter_load(host.model, path, 1, &loaded))
    #expect(try host.logits() == changed)
    svft_adapter_free(loaded)
    loaded = nil
    let other = try TinyHost("bert")
    #expect(svft_adapter_load(other.model, path, 1, &loaded) == number(SVFT_MISMATCH))
    #expect(
      svft_adapter_load(host.model, path, .infinity, &loaded) == number(SVFT_INVALID_ARGUMENT))
    #expect(svft_adapter_load(host.model, path + "x", 1, &loaded) == number(SVFT_IO))
    #expect(loaded == nil)
  }

  @Test func adaptersDescribeAndExportThemselves() throws {
    let (host, adapter) = try trained()
    defer { svft_adapter_free(adapter) }
    let about = try object { svft_adapter_describe(adapter, $0) }
    #expect(about["method"] as? String == "lora" && about["trainable"] as? Int ?? 0 > 0)
    let path = host.folder.file("peft")
    _ = try object { svft_adapter_export(adapter, path, #"{"to":"peft"}"#, $0) }
    let file = try Data(contentsOf: URL(fileURLWithPath: path + "/adapter_config.json"))
    let configuration = try JSONSerialization.jsonObject(with: file) as? [String: Any]
    #expect(configuration?["peft_type"] as? String == "LORA")
    var out: UnsafeMutablePointer<CChar>?
    #expect(svft_adapter_export(adapter, path + "2", #"{"to":"tar"}"#, &out) != 0)
    #expect(out == nil && !FileManager.default.fileExists(atPath: path + "2"))
  }

  @Test(arguments: [
    (#"{"method":"magic"}"#, SVFT_UNSUPPORTED),
    (#"{"method":"svft","targets":["nothing"]}"#, SVFT_MISMATCH),
    (#"{"method":"lora","r":0}"#, SVFT_INVALID_ARGUMENT),
    (#"{"method":"lora","rank_of":3}"#, SVFT_INVALID_ARGUMENT),
    ("[]", SVFT_INVALID_ARGUMENT), ("{", SVFT_INVALID_ARGUMENT), ("", SVFT_INVALID_ARGUMENT),
  ]) func badOptionsHaveTheirStatus(_ options: String, _ status: Int) throws {
    let host = try TinyHost()
    var adapter: OpaquePointer?
    #expect(svft_adapter_create(host.model, options, &adapter) == number(status))
    #expect(adapter == nil && !lastError().isEmpty)
    let about = try object { svft_model_describe(host.model, $0) }
    #expect((about["adapters"] as? [Any])?.isEmpty == true)
  }

  @Test func exportsComeBackAndTermsAddUp() throws {
    let (host, adapter) = try trained()
    let (changed, path) = (try host.logits(), host.folder.file("delta.safetensors"))
    _ = try object { svft_adapter_export(adapter, path, #"{"to":"delta"}"#, $0) }
    try succeed(svft_adapter_set_scale(adapter, 0))
    let base = try host.logits()
    var (imported, sum): (OpaquePointer?, OpaquePointer?)
    var report = try object {
      svft_adapter_import(host.model, path, #"{"method":"lora","r":2}"#, &imported, $0)
    }
    #expect(report["captured"] as? Double ?? 0 > 1 - 1e-5 && report["from"] as? String == "delta")
    let back = try host.logits()
    let (apart, size) = (zip(back, changed), changed.map(abs).max() ?? 1)
    #expect(apart.allSatisfy { abs($0.0 - $0.1) < 1e-5 * size })
    // One half and one half are one.
    for half in [adapter, imported] { try succeed(svft_adapter_set_scale(half, 0.5)) }
    let terms: [OpaquePointer?] = [adapter, imported]
    report = try object { svft_adapter_sum(terms, 2, nil, &sum, $0) }
    #expect(report["weights"] as? [Double] == [0.5, 0.5])
    for half in terms { svft_adapter_free(half) }
    #expect(zip(try host.logits(), changed).allSatisfy { abs($0.0 - $0.1) < 1e-5 * size })
    svft_adapter_free(sum)
    #expect(try host.logits() == base)
    var none: OpaquePointer?
    var text: UnsafeMutablePointer<CChar>?
    let bert = try TinyHost("bert")
    #expect(svft_adapter_import(bert.model, path, nil, &none, &text) == number(SVFT_MISMATCH))
    #expect(svft_adapter_import(host.model, path + "x", nil, &none, &text) == number(SVFT_IO))
    #expect(svft_adapter_sum(nil, 0, nil, &none, &text) == number(SVFT_INVALID_ARGUMENT))
    #expect(none == nil && text == nil)
  }
}
