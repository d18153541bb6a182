// The one error type of the tree, and the impossible turned into an error instead of a trap.
//
// A message is one sentence that says what was expected, what was found and where. The kinds carry
// the same numbers as svft_status in include/svft.h; a test compares them.

/// Every failure of libsvft: a kind for the program, a sentence for the person.
public struct SVFTError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What went wrong, in the classes a caller can act on. Numbers are those of `svft_status`.
  public enum Kind: Int32, Sendable, CaseIterable {
    case invalidArgument = 1
    case io = 2
    case format = 3
    case truncated = 4
    case unsupported = 5
    case shape = 6
    case mismatch = 7
    case data = 8
    case limit = 9
    case memory = 10
    case noSpace = 11
    case busy = 12
    case state = 13
    case cancelled = 14
    case nonFinite = 15
    case `internal` = 99

    /// The kind in words: "invalid argument".
    public var title: String {
      var words = ""
      for character in "\(self)" {
        if character.isUppercase { words += " " }
        words += character.lowercased()
      }
      return words
    }
  }

  /// The class of the failure.
  public let kind: Kind
  /// One sentence: expected, found, where.
  public let message: String

  /// Makes an error of a kind with its sentence.
  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  /// The sentence alone, as the command line prints it.
  public var description: String { message }

  /// The same failure with its place put in front, as floors add it on the way up.
  package func `while`(_ activity: String) -> SVFTError {
    SVFTError(kind, "\(activity): \(message)")
  }
}

/// Throws `.internal` where the program itself is wrong: never a trap in a host's process.
package func invariant(
  _ holds: Bool, _ message: @autoclosure () -> String
) throws(SVFTError) {
  if !holds { throw SVFTError(.internal, "libsvft is at fault: \(message())") }
}

/// Runs `body`; an error gets `activity` in front of its sentence.
package func during<Result>(
  _ activity: @autoclosure () -> String, _ body: () throws(SVFTError) -> Result
) throws(SVFTError) -> Result {
  do { return try body() } catch { throw error.while(activity()) }
}
