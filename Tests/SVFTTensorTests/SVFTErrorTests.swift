// The one error type: its numbers stand in a C header and never change.
import SVFTTensor
import Testing

@Suite struct SVFTErrorTests {
  @Test func theNumbersAreFixed() {
    let expected: [(Int32, SVFTError.Kind, String)] = [
      (1, .invalidArgument, "invalid argument"), (2, .io, "io"), (3, .format, "format"),
      (4, .truncated, "truncated"), (5, .unsupported, "unsupported"), (6, .shape, "shape"),
      (7, .mismatch, "mismatch"), (8, .data, "data"), (9, .limit, "limit"), (10, .memory, "memory"),
      (11, .noSpace, "no space"), (12, .busy, "busy"), (13, .state, "state"),
      (14, .cancelled, "cancelled"), (15, .nonFinite, "non finite"), (99, .internal, "internal"),
    ]
    #expect(SVFTError.Kind.allCases.map(\.rawValue) == expected.map(\.0))
    for (number, kind, title) in expected {
      #expect(kind.rawValue == number)
      #expect(kind.title == title)
    }
  }

  @Test func placesGatherInFrontOnTheWayUp() {
    let error = #expect(throws: SVFTError.self) {
      try during("model.gguf") { () throws(SVFTError) in
        try during("tensor \"w\"") { () throws(SVFTError) in
          throw SVFTError(.shape, "expected [2], found [3]")
        }
      }
    }
    #expect(error == SVFTError(.shape, "model.gguf: tensor \"w\": expected [2], found [3]"))
    #expect(error?.description == error?.message)
  }

  @Test func aSuccessPassesThroughUnchanged() throws {
    #expect(try during("x") { () throws(SVFTError) in 7 } == 7)
  }

  /// The sentence is made only when it is needed.
  @Test func theImpossibleIsAnErrorOfOurOwn() throws {
    var made = 0
    func sentence() -> String {
      made += 1
      return "one is two"
    }
    try invariant(true, sentence())
    #expect(made == 0)
    let error = #expect(throws: SVFTError.self) { try invariant(false, sentence()) }
    #expect(error == SVFTError(.internal, "libsvft is at fault: one is two"))
    #expect(made == 1)
  }
}
