// A host imports this module alone and can name every error it may get.
import SVFT
import Testing

@Suite struct ExportsTests {
  @Test func errorsHaveTheirTypeHere() {
    let failure = #expect(throws: SVFTError.self) { try Model(path: "/nowhere/at/all") }
    #expect(failure?.kind == .io)
    #expect(failure?.message.contains("/nowhere/at/all") == true)
    #expect(SVFTError.Kind.allCases.contains(.cancelled))
  }
}
