// Sessions through the C interface: continued in every way, sized, saved, restored, refused.
import CSVFT
import Foundation
import TestKit
import Testing

@Suite struct SessionABITests {
  private static func params(_ tokens: Int32 = 12) throws -> svft_generation_params {
    var params = svft_generation_params()
    try succeed(svft_generation_params_init(&params, MemoryLayout<svft_generation_params>.size))
    (params.temperature, params.max_tokens, params.ignores_end) = (0, tokens, 1)
    return params
  }

  private static func session(_ host: TinyHost) throws -> OpaquePointer {
    var session: OpaquePointer?
    try succeed(svft_session_create(host.model, nil, &session))
    return try #require(session)
  }

  private static func tokens(_ session: OpaquePointer) throws -> [Int32] {
    var (ids, count) = ([Int32](repeating: 0, count: 128), 0)
    try succeed(svft_session_tokens(session, &ids, ids.count, &count))
    return Array(ids.prefix(count))
  }

  /// What the model alone makes of a prompt.
  private static func alone(_ host: TinyHost, _ prompt: String) throws -> String {
    var params = try params()
    return try withStrings([prompt]) { prompts in
      try text { svft_generate(host.model, prompts, 1, &params, nil, nil, $0) }
    }
  }

  @Test func textsConversationsAndIdsAreContinuedAsWithout() throws {
    let host = try TinyHost()
    let session = try Self.session(host)
    defer { svft_session_free(session) }
    var (params, reused) = (try Self.params(), -1)
    let first = try text {
      svft_session_generate(session, "The lamp", &params, nil, nil, $0, &reused)
    }
    #expect(try first == Self.alone(host, "The lamp") && reused == 0)
    let ids = try Self.tokens(session)
    let more = try text {
      svft_session_generate_tokens(session, ids, ids.count, &params, nil, nil, $0, &reused)
    }
    #expect(reused == ids.count - 1)
    let again = try text {
      svft_session_generate_tokens(session, ids, ids.count, &params, nil, nil, $0, nil)
    }
    #expect(again == more)
    let before = try Self.tokens(session).count
    _ = try text { svft_session_extend(session, " and", &params, nil, nil, $0, &reused) }
    #expect(try reused == before - 1 && Self.tokens(session).count > before + 12)
    let talk = #"[{"role":"user","content":"The lamp?"}]"#
    let answer = try text {
      svft_session_generate_messages(session, talk, "plain", &params, nil, nil, $0, &reused)
    }
    let expected = try withStrings([talk]) { talks in
      try text { svft_generate_messages(host.model, talks, 1, "plain", &params, nil, nil, $0) }
    }
    #expect(answer == expected && reused == 1)
  }

  @Test func theCallbackSeesTheTextAndCancels() throws {
    let host = try TinyHost()
    let session = try Self.session(host)
    defer { svft_session_free(session) }
    var (params, seen) = (try Self.params(), "")
    let callback: svft_token_callback = { user, index, _, text in
      let seen = user?.assumingMemoryBound(to: String.self)
      seen?.pointee += "\(index)" + (text.map { String(cString: $0) } ?? "")
      return (seen?.pointee.count ?? 0) > 12 ? 1 : 0
    }
    var out: UnsafeMutablePointer<CChar>?
    let status = withUnsafeMutablePointer(to: &seen) { seen in
      svft_session_generate(session, "The", &params, callback, seen, &out, nil)
    }
    #expect(status == number(SVFT_CANCELLED) && out == nil && seen.hasPrefix("0"))
    let about = try object { svft_session_describe(session, $0) }
    #expect(try about["tokens"] as? Int == Self.tokens(session).count)
    #expect(about["computed_tokens"] as? Int == (about["tokens"] as? Int ?? 0) - 1)
  }

  @Test func aSavedSessionGoesOnInAnotherModel() throws {
    let host = try TinyHost()
    let session = try Self.session(host)
    defer { svft_session_free(session) }
    let path = host.folder.file("talk.svfts")
    var (params, reused) = (try Self.params(), 0)
    _ = try text { svft_session_extend(session, "The lamp", &params, nil, nil, $0, nil) }
    try succeed(svft_session_save(session, path))
    let other = try TinyHost(threads: 2)
    var restored: OpaquePointer?
    try succeed(svft_session_load(other.model, path, #"{"context_length": 100}"#, &restored))
    other.close()
    defer { svft_session_free(restored) }
    #expect(try Self.tokens(try #require(restored)) == Self.tokens(session))
    let expected = try text { svft_session_extend(session, nil, &params, nil, nil, $0, nil) }
    let made = try text { svft_session_extend(restored, nil, &params, nil, nil, $0, &reused) }
    #expect(made == expected && reused > 10)
    let about = try object { svft_session_describe(restored, $0) }
    #expect(about["context_length"] as? Int == 100)
  }

  @Test func whatIsNoSessionIsRefused() throws {
    let (host, bert) = (try TinyHost(), try TinyHost("bert"))
    var session: OpaquePointer?
    let page = try host.folder.write("page.svfts", String(repeating: "<html>", count: 20))
    let cases: [(svft_status, Int)] = [
      (svft_session_create(bert.model, nil, &session), SVFT_UNSUPPORTED),
      (svft_session_create(host.model, #"{"context": 5}"#, &session), SVFT_INVALID_ARGUMENT),
      (svft_session_create(host.model, "[]", &session), SVFT_INVALID_ARGUMENT),
      (svft_session_load(host.model, "nowhere", nil, &session), SVFT_IO),
      (
        svft_session_load(host.model, TinyHost.fixture("llama/model.safetensors"), nil, &session),
        SVFT_FORMAT
      ),
    ]
    for (status, expected) in cases { #expect(status == number(expected)) }
    #expect(svft_session_load(host.model, page, nil, &session) != 0)
    #expect(session == nil)
  }
}
