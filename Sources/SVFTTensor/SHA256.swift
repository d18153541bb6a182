// SHA-256 over a stream of bytes (CSystem/sha256.c): base weights are recognised by it.
internal import CSystem

/// A hash that bytes are added to.
package struct SHA256: Sendable {
  private var hash = svs_sha256()

  /// The hash of nothing yet.
  package init() { svs_sha256_start(&hash) }

  /// Adds bytes at the end.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    svs_sha256_update(&hash, start, bytes.count)
  }

  /// Adds the UTF-8 of a text at the end.
  package mutating func update(_ text: String) {
    var text = text
    text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
  }

  /// The 32 bytes of the hash so far; more may be added afterwards.
  package var digest: [UInt8] {
    var copy = hash
    return [UInt8](unsafeUninitializedCapacity: 32) { bytes, count in
      svs_sha256_finish(&copy, bytes.baseAddress)
      count = 32
    }
  }

  /// The hash so far as 64 lower-case hexadecimal digits.
  package var hexadecimal: String {
    let digits = Array("0123456789abcdef".utf8)
    let text = digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: text, as: UTF8.self)
  }

  /// Runs `body` without the processor's own instructions on this thread. For tests.
  package static func plainly<Result, Failure>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    svs_sha256_plainly(1)
    defer { svs_sha256_plainly(0) }
    return try body()
  }

  /// The hash of one text.
  package static func of(_ text: String) -> String {
    var hash = SHA256()
    hash.update(text)
    return hash.hexadecimal
  }
}
