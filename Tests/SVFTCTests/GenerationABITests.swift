// Running models through the C interface: text with its callback and params, vectors, classes,
// evaluation.
import CSVFT
import Foundation
import TestKit
import Testing

@Suite struct GenerationABITests {
  private func params() throws -> svft_generation_params {
    var params = svft_generation_params()
    try succeed(svft_generation_params_init(&params, MemoryLayout<svft_generation_params>.size))
    (params.temperature, params.max_tokens, params.ignores_end) = (0, 12, 1)
    return params
  }

  /// Texts of prompts, freed.
  private func generate(
    _ host: TinyHost, _ prompts: [String], _ params: svft_generation_params,
    _ callback: svft_token_callback? = nil, _ user: UnsafeMutableRawPointer? = nil
  ) throws -> [String] {
    var out = [UnsafeMutablePointer<CChar>?](repeating: nil, count: prompts.count)
    var params = params
    try withStrings(prompts) {
      try succeed(
        svft_generate(host.model, $0, prompts.count, &params, callback, user, &out))
    }
    defer { for text in out { svft_string_free(text) } }
    return try out.map { String(cString: try #require($0)) }
  }

  @Test func theCallbackSeesEveryTokenAndTheWholeText() throws {
    let host = try TinyHost()
    var pieces = [["", "0"], ["", "0"]]
    let texts = try withUnsafeMutablePointer(to: &pieces) { pieces in
      try generate(
        host, ["The lamp", "The sea is"], try params(),
        { user, index, token, text in
          let pieces = user?.assumingMemoryBound(to: [[String]].self)
          pieces?.pointee[index][0] += text.map { String(cString: $0) } ?? "?"
          pieces?.pointee[index][1] += token >= 0 ? "+" : "?"
          return 0
        }, UnsafeMutableRawPointer(pieces))
    }
    #expect(pieces.map { $0[0] } == texts)
    #expect(pieces.allSatisfy { $0[1] == "0" + String(repeating: "+", count: 12) })
    #expect(try generate(host, ["The lamp"], try params()) == [texts[0]])
    #expect(try generate(host, [], try params()) == [])
  }

  @Test func eachPromptMayHaveAnAdapterOfItsOwn() throws {
    let host = try TinyHost()
    let options = #"{"method":"svft","init":"kaiming","seed":"#
    let adapters: [OpaquePointer?] = try [1, 2].map { try host.adapter(options + "\($0)}") }
    defer { for adapter in adapters { svft_adapter_free(adapter) } }
    func scale(_ scales: [Float]) throws {
      for (adapter, scale) in zip(adapters, scales) {
        try succeed(svft_adapter_set_scale(adapter, scale))
      }
    }
    let prompt = "The lamp"
    let alone = try ([[0, 0], [1, 0], [0, 1], [0, 0.5]] as [[Float]]).map { scales in
      try scale(scales)
      return try generate(host, [prompt], params())[0]
    }
    #expect(Set(alone).count > 2)
    try scale([0, 0])
    var own = [adapters[1], nil, adapters[0], adapters[1]]
    let scales: [Float] = [1, 9, 1, 0.5]
    let prompts = own.map { _ in prompt }
    try own.withUnsafeMutableBufferPointer { own in
      try scales.withUnsafeBufferPointer { scales in
        var params = try params()
        params.adapters = UnsafePointer(own.baseAddress)
        params.adapter_scales = scales.baseAddress
        #expect(try generate(host, prompts, params) == [alone[2], alone[0], alone[1], alone[3]])
        // Of a session's one text.
        var session: OpaquePointer?
        try succeed(svft_session_create(host.model, nil, &session))
        defer { svft_session_free(session) }
        let text = try text {
          svft_session_generate(session, prompt, &params, nil, nil, $0, nil)
        }
        #expect(text == alone[2])
        // Without scales each counts as 1; scales without adapters are a mistake.
        params.adapter_scales = nil
        #expect(try generate(host, prompts, params)[3] == alone[2])
        (params.adapters, params.adapter_scales) = (nil, scales.baseAddress)
        try withStrings([prompt]) { prompts in
          var out: UnsafeMutablePointer<CChar>?
          let status = svft_generate(host.model, prompts, 1, &params, nil, nil, &out)
          #expect(status == number(SVFT_INVALID_ARGUMENT))
          params.adapter_scales = nil
          var model = host.model
          withUnsafePointer(to: &model) { wrong in
            params.adapters = wrong
            let status = svft_generate(host.model, prompts, 1, &params, nil, nil, &out)
            #expect(status == number(SVFT_INVALID_ARGUMENT))
          }
          try scale([0, 1])
          params.adapters = UnsafePointer(own.baseAddress)
          #expect(
            svft_generate(host.model, prompts, 1, &params, nil, nil, &out) == number(SVFT_STATE))
        }
      }
    }
  }

  /// The text of a conversation, or of ids.
  private func answer(
    _ host: TinyHost, _ messages: String, _ params: svft_generation_params,
    _ layout: String? = nil
  ) throws -> String {
    var params = params
    return try withStrings([messages]) { messages in
      try text {
        svft_generate_messages(host.model, messages, 1, layout, &params, nil, nil, $0)
      }
    }
  }

  private func answer(
    _ host: TinyHost, _ ids: [Int32], _ params: svft_generation_params
  ) throws -> String {
    var params = params
    return try ids.withUnsafeBufferPointer { ids in
      var prompts = [ids.baseAddress]
      let lengths = [ids.count]
      return try text {
        svft_generate_tokens(host.model, &prompts, lengths, 1, &params, nil, nil, $0)
      }
    }
  }

  @Test func aConversationIsItsTokens() throws {
    let host = try TinyHost()
    let talk = #"[{"role":"user","content":"The lamp?</s><s>"}]"#
    var (ids, count) = ([Int32](repeating: 0, count: 128), 0)
    #expect(
      svft_model_tokenize_messages(host.model, talk, nil, nil, 0, &count) == number(SVFT_LIMIT))
    try succeed(
      svft_model_tokenize_messages(host.model, talk, "plain", &ids, ids.count, &count))
    ids = Array(ids.prefix(count))
    #expect(ids.first == 1 && ids.dropFirst().allSatisfy { $0 > 2 })
    let written = try text { svft_model_detokenize(host.model, ids, ids.count, $0) }
    #expect(written == "User: The lamp?</s><s>\n\n Assistant:")
    let params = try params()
    #expect(try answer(host, talk, params) == answer(host, ids, params))
    #expect(try answer(host, talk, params, "plain") == answer(host, talk, params))
    #expect(try answer(host, talk, params, "chatml") != answer(host, talk, params))
  }

  @Test(arguments: [
    ("[]", "auto", "messages"), ("{", "auto", "conversation 0"),
    (#"[{"role":"user","content":7}]"#, "auto", "content"), ("[]", "html", "chat_layout"),
  ]) func whatIsNoConversationIsNamed(_ talk: String, _ layout: String, _ words: String) throws {
    let host = try TinyHost()
    let failure = #expect(throws: Failure.self) { try answer(host, talk, params(), layout) }
    #expect(failure?.status == number(SVFT_INVALID_ARGUMENT))
    #expect(lastError().contains(words), "\(lastError())")
  }

  @Test func tokensMustBeSome() throws {
    let host = try TinyHost()
    var out: UnsafeMutablePointer<CChar>?
    func status(_ lengths: [Int]?, _ ids: [Int32]?) -> svft_status {
      let find = { (ids: UnsafePointer<Int32>?) in
        var prompts = [ids]
        return svft_generate_tokens(host.model, &prompts, lengths, 1, nil, nil, nil, &out)
      }
      return ids?.withUnsafeBufferPointer { find($0.baseAddress) } ?? find(nil)
    }
    for (lengths, ids, words) in [
      (nil, [1], "lengths"), ([1], nil, "prompts[0]"), ([0], [1], "prompt 0"), ([1], [-1], "ids"),
      ([1], [408], "ids"), ([-1], [1], "prompts[0]"), ([.max], [1], "prompts[0]"),
    ] as [([Int]?, [Int32]?, String)] {
      #expect(status(lengths, ids) == number(SVFT_INVALID_ARGUMENT))
      #expect(lastError().contains(words), "\(lastError())")
    }
    #expect(status([128], Array(repeating: 5, count: 128)) == number(SVFT_LIMIT))
    #expect(out == nil)
    try succeed(svft_generate_tokens(host.model, nil, nil, 0, nil, nil, nil, &out))
  }

  @Test func aCallbackThatSaysNoCancels() throws {
    let host = try TinyHost()
    let failure = #expect(throws: Failure.self) {
      try generate(host, ["The"], try params(), { _, _, _, _ in 7 })
    }
    #expect(failure?.status == number(SVFT_CANCELLED))
    #expect(try generate(host, ["The"], try params()).count == 1)
  }

  @Test func biasStopStringsAndStopTokensArrive() throws {
    let host = try TinyHost()
    let free = try generate(host, ["The lamp"], try params())[0]
    var params = try params()
    let wanted = try host.tokens("x").last ?? 0
    let (ids, values): ([Int32], [Float]) = ([wanted], [1e4])
    let biased = try ids.withUnsafeBufferPointer { ids in
      try values.withUnsafeBufferPointer { values in
        (params.bias_tokens, params.bias_values) = (ids.baseAddress, values.baseAddress)
        params.bias_count = 1
        let all = try generate(host, ["The lamp"], params)[0]
        (params.stop_tokens, params.stop_token_count) = (ids.baseAddress, 1)
        return [all, try generate(host, ["The lamp"], params)[0]]
      }
    }
    #expect(Set(biased[0].filter { $0 != " " }) == ["x"] && biased[1].count < 3)
    params = try self.params()
    let stop = String(free.prefix(4).suffix(1))
    let stopped = try withStrings([stop]) {
      (params.stop_strings, params.stop_string_count) = ($0, 1)
      return try generate(host, ["The lamp"], params)[0]
    }
    #expect(free.hasPrefix(stopped) && !stopped.contains(stop))
  }

  @Test func absurdParamsAreNamed() throws {
    let host = try TinyHost()
    let changes: [(String, (inout svft_generation_params) -> Void)] = [
      ("max_tokens", { $0.max_tokens = -1 }), ("temperature", { $0.temperature = .nan }),
      ("top_k", { $0.top_k = -1 }), ("top_p", { $0.top_p = 2 }), ("min_p", { $0.min_p = -1 }),
      ("repetition_penalty", { $0.repetition_penalty = 0 }),
      ("frequency_penalty", { $0.frequency_penalty = .infinity }),
      ("presence_penalty", { $0.presence_penalty = -.infinity }),
      ("penalty_window", { $0.penalty_window = .min }),
      ("bias_tokens", { $0.bias_count = 3 }), ("stop_strings", { $0.stop_string_count = 1 }),
      ("stop_tokens", { $0.stop_token_count = Int.max }),
    ]
    for (name, change) in changes {
      var params = try params()
      change(&params)
      let failure = #expect(throws: Failure.self) { try generate(host, ["The"], params) }
      #expect(failure?.status == number(SVFT_INVALID_ARGUMENT))
      #expect(lastError().hasPrefix(name), "\(lastError())")
    }
  }

  @Test func vectorsComeRowByRow() throws {
    let host = try TinyHost("bert")
    var (vectors, count) = ([Float](repeating: 0, count: 64), 0)
    try withStrings(["the lamp", "the sea was still"]) {
      try succeed(svft_embed(host.model, $0, 2, &vectors, 64, &count))
      #expect(svft_embed(host.model, $0, 2, &vectors, 63, &count) == number(SVFT_LIMIT))
    }
    #expect(count == 64)
    for row in [vectors[..<32], vectors[32...]] {
      #expect(row.contains { $0 != 0 } && row.allSatisfy(\.isFinite))
    }
  }

  @Test func classesNeedAHeadAndPairsMayBeMissing() throws {
    let host = try TinyHost("bert")
    let adapter = try host.adapter(#"{"method":"lora","r":2,"targets":["query"]}"#)
    defer { svft_adapter_free(adapter) }
    var (params, trainer) = (svft_train_params(), OpaquePointer?.none)
    try succeed(svft_train_params_init(&params, MemoryLayout<svft_train_params>.size))
    let unlabelled = withStrings(["the lamp"]) { texts in
      var out: UnsafeMutablePointer<CChar>?
      return svft_classify(host.model, texts, nil, 1, &out)
    }
    #expect(unlabelled == number(SVFT_UNSUPPORTED))
    try succeed(
      svft_trainer_create(
        adapter, TinyHost.fixture("questions.jsonl"), nil, nil, &params, &trainer))
    svft_trainer_free(trainer)
    let report = try withStrings(["who keeps the sea?", "where?"]) { texts in
      var second: [UnsafePointer<CChar>?] = [texts[1], nil]
      return try object { svft_classify(host.model, texts, &second, 2, $0) }
    }
    let results = try #require(report["results"] as? [[String: Any]])
    #expect(results.count == 2)
    for result in results {
      let scores = try #require(result["scores"] as? [String: Double])
      #expect(Set(scores.keys) == ["person", "place"])
      #expect(abs(scores.values.reduce(0, +) - 1) < 1e-6)
    }
  }

  @Test func evaluationReportsProgressAndCanBeCancelled() throws {
    let host = try TinyHost()
    let data = TinyHost.fixture("tales.jsonl")
    let figures = try object { svft_evaluate(host.model, data, nil, nil, nil, $0) }
    let loss = try #require(figures["loss"] as? Double)
    #expect(loss > 0 && figures["count"] as? Int ?? 0 > 24)
    let short = try object {
      svft_evaluate(host.model, data, #"{"max_seq_length": 4}"#, { _, _, _, _ in 0 }, nil, $0)
    }
    #expect(short["count"] as? Int == 24 * 3)
    var out: UnsafeMutablePointer<CChar>?
    #expect(
      svft_evaluate(host.model, data, nil, { _, _, _, _ in 1 }, nil, &out)
        == number(SVFT_CANCELLED))
    #expect(
      svft_evaluate(host.model, data, #"{"max_len": 4}"#, nil, nil, &out)
        == number(SVFT_INVALID_ARGUMENT))
    #expect(out == nil)
  }

  @Test func aZeroInATextDoesNotEndIt() throws {
    let host = try TinyHost()
    // Token 3 is the byte 0.
    let ids = try host.tokens("a") + [3] + host.tokens("b").dropFirst()
    let whole = try text { svft_model_detokenize(host.model, ids, ids.count, $0) }
    #expect(whole == "a\u{FFFD} b")
    var (tokens, values): ([Int32], [Float]) = ([3], [1e6])
    var pieces = ""
    var params = try params()
    params.max_tokens = 3
    params.bias_count = 1
    let texts = try tokens.withUnsafeMutableBufferPointer { tokens in
      try values.withUnsafeMutableBufferPointer { values in
        (params.bias_tokens, params.bias_values) = (
          UnsafePointer(tokens.baseAddress), UnsafePointer(values.baseAddress)
        )
        return try withUnsafeMutablePointer(to: &pieces) { pieces in
          try generate(
            host, ["The lamp"], params,
            { user, _, _, text in
              let pieces = user?.assumingMemoryBound(to: String.self)
              pieces?.pointee += text.map { String(cString: $0) } ?? "?"
              return 0
            }, UnsafeMutableRawPointer(pieces))
        }
      }
    }
    #expect(texts == ["\u{FFFD}\u{FFFD}\u{FFFD}"] && pieces == texts[0])
  }
}
