// Patterns of module names against Python's re as PEFT asks it, and patterns written to hang.
import SVFTAdapters
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct ModulePatternTests {
  private static func golden() throws -> JSON.Object {
    let path = SharedData.packageRoot + "/Tests/Fixtures/module-patterns.json"
    return try JSON.read(path).root("golden")
  }

  private func kind(_ pattern: String) -> SVFTError.Kind? {
    do throws(SVFTError) {
      _ = try ModulePattern(pattern)
      return nil
    } catch { return error.kind }
  }

  @Test func meansTheModulesThatPEFTMeans() throws {
    let golden = try Self.golden()
    let names = try golden.strings("names")
    for entry in try golden.objects("matches") {
      let text = try entry.string("pattern")
      let pattern = try ModulePattern(text)
      #expect(try names.filter { pattern.matches($0) } == entry.strings("names"), "\(text)")
    }
  }

  @Test func malformedOnesAreRefused() throws {
    for text in try Self.golden().strings("broken") { #expect(kind(text) == .format, "\(text)") }
  }

  @Test(arguments: [
    #"(q)_proj\1"#, "(?=q)q_proj", "(?<!x)q_proj", "(?i)q_proj", "q*+", #"\x71"#, "(?P=part)",
  ])
  func whatOneWalkCannotMatchIsRefused(_ text: String) {
    #expect(kind(text) == .unsupported)
  }

  @Test func sizeIsBounded() {
    #expect(kind(String(repeating: "a", count: 1025)) == .limit)
    #expect(kind("") == .limit)
    #expect(kind("a{1001}") == .limit)
    #expect(kind("((a{100}){100}){100}") == .limit)
    #expect(kind("((((){1000}){1000}){1000}){1000}") == .limit)
    #expect(kind(String(repeating: "(", count: 40) + String(repeating: ")", count: 40)) == .limit)
  }

  @Test(arguments: ["(a*)*b", "(a|a)*b", "(.*a){20}b", "((a?){40}){40}b"])
  func noPatternTakesLong(_ text: String) throws {
    let pattern = try ModulePattern(text)
    let start = Clock.seconds()
    #expect(!pattern.matches(String(repeating: "a", count: 2000)))
    #expect(Clock.seconds() - start < 5)
    #expect(pattern.matches(String(repeating: "a", count: 30) + "b"))
  }
}
