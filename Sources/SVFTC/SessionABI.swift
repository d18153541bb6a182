// Sessions of svft.h.
package import CSVFT
import SVFT
import SVFTTensor

@c @implementation package func svft_session_create(
  _ model: OpaquePointer?, _ options: UnsafePointer<CChar>?,
  _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> svft_status {
  guarded { () throws(SVFTError) in
    let out = try required(out, "out")
    let model = try object(model, Model.self, "model")
    out.pointee = handle(try model.session(sessionOptions(options)))
  }
}

@c @implementation package func svft_session_load(
  _ model: OpaquePointer?, _ path: UnsafePointer<CChar>?, _ options: UnsafePointer<CChar>?,
  _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> svft_status {
  guarded { () throws(SVFTError) in
    let out = try required(out, "out")
    let model = try object(model, Model.self, "model")
    out.pointee = handle(
      try model.session(restoring: string(path, "path"), sessionOptions(options)))
  }
}

@c @implementation package func svft_session_free(_ session: OpaquePointer?) {
  release(session, Session.self, "session")
}

@c @implementation package func svft_session_generate(
  _ session: OpaquePointer?, _ prompt: UnsafePointer<CChar>?,
  _ params: UnsafePointer<svft_generation_params>?, _ callback: svft_token_callback?,
  _ user: UnsafeMutableRawPointer?, _ out: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?,
  _ out_reused: UnsafeMutablePointer<Int>?
) -> svft_status {
  continued(session, out, out_reused) { (session) throws(SVFTError) in
    try session.generate(
      string(prompt, "prompt"), generationOptions(params), onToken: tokenCallback(callback, user))
  }
}

@c @implementation package func svft_session_generate_messages(
  _ session: OpaquePointer?, _ messages: UnsafePointer<CChar>?,
  _ chat_layout: UnsafePointer<CChar>?, _ params: UnsafePointer<svft_generation_params>?,
  _ callback: svft_token_callback?, _ user: UnsafeMutableRawPointer?,
  _ out: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?,
  _ out_reused: UnsafeMutablePointer<Int>?
) -> svft_status {
  continued(session, out, out_reused) { (session) throws(SVFTError) in
    try session.generate(
      conversation: string(messages, "messages"),
      layout: word(chat_layout, "chat_layout", default: .auto), generationOptions(params),
      onToken: tokenCallback(callback, user))
  }
}

@c @implementation package func svft_session_generate_tokens(
  _ session: OpaquePointer?, _ ids: UnsafePointer<Int32>?, _ count: Int,
  _ params: UnsafePointer<svft_generation_params>?, _ callback: svft_token_callback?,
  _ user: UnsafeMutableRawPointer?, _ out: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?,
  _ out_reused: UnsafeMutablePointer<Int>?
) -> svft_status {
  continued(session, out, out_reused) { (session) throws(SVFTError) in
    try session.generate(
      tokens: array(ids, count, "ids"), generationOptions(params),
      onToken: tokenCallback(callback, user))
  }
}

@c @implementation package func svft_session_extend(
  _ session: OpaquePointer?, _ text: UnsafePointer<CChar>?,
  _ params: UnsafePointer<svft_generation_params>?, _ callback: svft_token_callback?,
  _ user: UnsafeMutableRawPointer?, _ out: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?,
  _ out_reused: UnsafeMutablePointer<Int>?
) -> svft_status {
  continued(session, out, out_reused) { (session) throws(SVFTError) in
    try session.extend(
      optionalString(text, "text") ?? "", generationOptions(params),
      onToken: tokenCallback(callback, user))
  }
}

@c @implementation package func svft_session_tokens(
  _ session: OpaquePointer?, _ ids: UnsafeMutablePointer<Int32>?, _ capacity: Int,
  _ out_count: UnsafeMutablePointer<Int>?
) -> svft_status {
  guarded { () throws(SVFTError) in
    let session = try object(session, Session.self, "session")
    try fill(ids, capacity, out_count, with: session.tokens)
  }
}

@c @implementation package func svft_session_save(
  _ session: OpaquePointer?, _ path: UnsafePointer<CChar>?
) -> svft_status {
  guarded { () throws(SVFTError) in
    try object(session, Session.self, "session").save(to: string(path, "path"))
  }
}

@c @implementation package func svft_session_describe(
  _ session: OpaquePointer?, _ out: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> svft_status {
  guarded { () throws(SVFTError) in
    let out = try required(out, "out")
    out.pointee = try owned(object(session, Session.self, "session").describe())
  }
}

/// The options of a session that C passes; NULL is the defaults.
private func sessionOptions(
  _ options: UnsafePointer<CChar>?
) throws(SVFTError) -> SessionOptions {
  try SessionOptions(json: optionalString(options, "options") ?? "{}")
}

/// Hands out the text that a session generates, and how many ids it reused.
private func continued(
  _ session: OpaquePointer?, _ out: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?,
  _ reused: UnsafeMutablePointer<Int>?, _ generate: (Session) throws(SVFTError) -> Generation
) -> svft_status {
  guarded { () throws(SVFTError) in
    let out = try required(out, "out")
    let made = try generate(object(session, Session.self, "session"))
    out.pointee = try owned(made.text)
    reused?.pointee = made.reusedTokens
  }
}
