// Models through the C interface: loading with its params, text, logits, saving, cancelling.
import CSVFT
import Foundation
import TestKit
import Testing

@Suite struct ModelABITests {
  @Test func aModelDescribesItself() throws {
    let host = try TinyHost(threads: 3)
    let about = try object { svft_model_describe(host.model, $0) }
    #expect(about["family"] as? String == "llama")
    #expect(about["threads"] as? Int == 3)
    #expect(about["context_length"] as? Int == 128)
  }

  @Test func everyLoadingParameterArrives() throws {
    var params = try TinyHost.params()
    let host = try TinyHost()
    let cache = host.folder.file("cache")
    var seen: [String] = []
    let about = try withUnsafeMutablePointer(to: &seen) { seen in
      try withStrings(["q8_0", "f32", cache, "bf16"]) { texts in
        (params.quantize, params.compute, params.cache_folder) = (texts[0], texts[1], texts[2])
        params.kv_format = texts[3]
        (params.context_length, params.copies_file) = (64, 1)
        params.progress = { user, activity, done, _ in
          user?.assumingMemoryBound(to: [String].self).pointee.append(
            "\(activity.map { String(cString: $0) } ?? "") \(done <= 1)")
          return 0
        }
        params.user = UnsafeMutableRawPointer(seen)
        var model: OpaquePointer?
        try succeed(svft_model_load(TinyHost.fixture("llama"), &params, &model))
        defer { svft_model_free(model) }
        try succeed(svft_model_factor(model, "q_proj", nil, nil))
        return try object { svft_model_describe(model, $0) }
      }
    }
    #expect(about["compute"] as? String == "f32" && about["context_length"] as? Int == 64)
    #expect(about["kv_format"] as? String == "bf16")
    #expect(
      (about["formats"] as? [String: Any])?.keys.contains { $0.uppercased() == "Q8_0" } == true)
    #expect(!seen.isEmpty && seen.allSatisfy { $0 == "loading true" })
    #expect(try !FileManager.default.contentsOfDirectory(atPath: cache).isEmpty)
  }

  @Test func aShortContextIsKept() throws {
    var params = try TinyHost.params()
    params.context_length = 4
    var model: OpaquePointer?
    try succeed(svft_model_load(TinyHost.fixture("llama"), &params, &model))
    defer { svft_model_free(model) }
    let ids: [Int32] = [1, 20, 30, 40, 50]
    var (values, count) = ([Float](repeating: 0, count: 5 * 408), 0)
    try succeed(svft_model_logits(model, ids, 4, &values, values.count, &count))
    #expect(
      svft_model_logits(model, ids, 5, &values, values.count, &count) == number(SVFT_LIMIT))
  }

  @Test func loadingCanBeCancelledByItsCallback() throws {
    var params = try TinyHost.params()
    params.progress = { _, _, _, _ in 1 }
    var model: OpaquePointer?
    let status = withStrings(["q8_0"]) { texts in
      params.quantize = texts[0]
      return svft_model_load(TinyHost.fixture("llama"), &params, &model)
    }
    #expect(status == number(SVFT_CANCELLED) && model == nil)
  }

  @Test(arguments: [
    ("nowhere", SVFT_IO), ("tales.jsonl", SVFT_FORMAT), ("make_models.py", SVFT_FORMAT),
  ]) func whatIsNoModelHasItsStatus(_ name: String, _ status: Int) {
    var model: OpaquePointer?
    #expect(svft_model_load(TinyHost.fixture(name), nil, &model) == number(status))
    #expect(model == nil && lastError().contains(name))
  }

  @Test func idsComeBackAsText() throws {
    let host = try TinyHost()
    let ids = try host.tokens("The lamp shone.")
    #expect(ids.first == 1)
    #expect(
      try text { svft_model_detokenize(host.model, ids, ids.count, $0) } == "The lamp shone.")
    #expect(try text { svft_model_detokenize(host.model, nil, 0, $0) } == "")
    var out: UnsafeMutablePointer<CChar>?
    #expect(
      svft_model_detokenize(host.model, [-5], 1, &out) == number(SVFT_INVALID_ARGUMENT))
  }

  @Test func aModelsOwnTemplateIsRunUnlessALayoutIsChosen() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("model")
    try FileManager.default.copyItem(atPath: TinyHost.fixture("llama"), toPath: path)
    try folder.write("model/chat_template.jinja", "{{ raise_exception('Not so.') }}")
    var model: OpaquePointer?
    try succeed(svft_model_load(path, nil, &model))
    defer { svft_model_free(model) }
    let talk = #"[{"role":"user","content":"hi"}]"#
    var count = 0
    let status = { (layout: String?) in
      svft_model_tokenize_messages(model, talk, layout, nil, 0, &count)
    }
    for layout in [nil, "auto"] { #expect(status(layout) == number(SVFT_DATA)) }
    #expect(lastError() == "chat_template: line 1: Not so.")
    for layout in ["chatml", "plain"] { #expect(status(layout) == number(SVFT_LIMIT)) }
  }

  @Test func logitsHaveOneRowPerToken() throws {
    let host = try TinyHost()
    let ids = try host.tokens("The lamp")
    #expect(try host.logits().count == 408 * ids.count)
    var (values, count): ([Float], Int) = ([0], 0)
    #expect(
      svft_model_logits(host.model, [408], 1, &values, 1, &count)
        == number(SVFT_INVALID_ARGUMENT))
  }

  @Test func aSavedModelSaysTheSame() throws {
    let host = try TinyHost()
    let path = host.folder.file("copy.gguf")
    let report = try object {
      svft_model_save(host.model, path, "f32", "The sea", nil, nil, $0)
    }
    #expect(report["path"] as? String == path && report["drift"] is [String: Any])
    var copy: OpaquePointer?
    try succeed(svft_model_load(path, nil, &copy))
    defer { svft_model_free(copy) }
    let parts = try object {
      svft_model_save(
        host.model, path, #"{"format":"f32","max_shard_size":"20KB"}"#, nil, nil, nil, $0)
    }
    #expect((parts["path"] as? String)?.contains("copy-00001-of-") == true)
    let ids = try host.tokens("The lamp")
    var (values, count) = ([Float](repeating: 0, count: 408 * ids.count), 0)
    try succeed(svft_model_logits(copy, ids, ids.count, &values, values.count, &count))
    #expect(zip(values, try host.logits()).allSatisfy { abs($0 - $1) < 1e-4 })
    let kind = try object { svft_inspect(path, nil, $0) }["kind"]
    #expect(kind as? String == "model")
    var out: UnsafeMutablePointer<CChar>?
    #expect(
      svft_inspect(path, #"{"spectra": true}"#, &out) == number(SVFT_INVALID_ARGUMENT))
  }

  @Test func factorsAreForTargetsThatExist() throws {
    let host = try TinyHost()
    try succeed(svft_model_factor(host.model, nil, { _, _, _, _ in 0 }, nil))
    #expect(svft_model_factor(host.model, "nothing", nil, nil) == number(SVFT_MISMATCH))
    let report = try object { svft_model_factors(host.model, #"{"rank": 2}"#, nil, nil, $0) }
    #expect((report["layers"] as? [[String: Any]])?.first?["order"] as? Int == 2)
  }

  @Test func memoryIsEstimatedWithoutLoading() throws {
    let path = TinyHost.fixture("llama")
    var params = svft_model_params()
    try succeed(svft_model_params_init(&params, MemoryLayout<svft_model_params>.size))
    params.threads = 1
    let inference = try object { svft_estimate(path, &params, nil, $0) }
    let work = #"{"adapter": {"method": "lora"}, "training": {"batch_size": 2}}"#
    let training = try object { svft_estimate(path, &params, work, $0) }
    let parts = try #require(training["parts"] as? [String: Any])
    #expect(parts["moments"] as? Int == 2 * (parts["gradients"] as? Int ?? 0))
    let sizes = [inference, training].compactMap { $0["peak_bytes"] as? Int }
    #expect(sizes.count == 2 && sizes.allSatisfy { $0 > 1 << 20 })
    var out: UnsafeMutablePointer<CChar>?
    #expect(
      svft_estimate(path, nil, #"{"depth": 1}"#, &out) == number(SVFT_INVALID_ARGUMENT))
    #expect(svft_estimate("nowhere", nil, nil, &out) == number(SVFT_IO))
  }

  @Test func benchMeasures() throws {
    let host = try TinyHost()
    let speeds = try object {
      svft_model_bench(host.model, #"{"prompt": 8, "decode": 2, "repeats": 1, "train": 1}"#, $0)
    }
    for part in ["prefill", "decode", "train"] {
      let rate = (speeds[part] as? [String: Any])?["tokens_per_second"] as? Double
      #expect((rate ?? 0) > 0)
    }
  }

  @Test func anotherThreadFindsAModelBusyAndCanCancelIt() throws {
    let host = try TinyHost()
    let model = UInt(bitPattern: host.model)
    let prompts = Array(repeating: "The", count: 2)
    let status = withStrings(prompts) { prompts in
      var out: [UnsafeMutablePointer<CChar>?] = [nil, nil]
      return svft_generate(
        host.model, prompts, 2, nil,
        { user, _, _, _ in
          let address = UInt(bitPattern: user)
          let thread = Thread {
            let model = OpaquePointer(bitPattern: address)
            var count = 0
            let found = svft_model_tokenize(model, "x", 0, nil, 0, &count)
            _ = svft_model_describe(model, nil)
            if found == number(SVFT_BUSY) || found == number(SVFT_LIMIT) {
              svft_model_cancel(model)
            }
          }
          thread.start()
          while !thread.isFinished { usleep(100) }
          return 0
        }, UnsafeMutableRawPointer(bitPattern: model), &out)
    }
    #expect(status == number(SVFT_CANCELLED))
    #expect(try !host.logits().isEmpty)
  }
}
