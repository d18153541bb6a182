// The house rules, held against the tree and against their own examples.
import Testing

@Suite("House rules") struct HouseTests {
  @Test("the tree keeps", arguments: Rule.all)
  func theTreeKeeps(_ rule: Rule) {
    let offences = rule.offences(.repository)
    let list = offences.map(\.description).joined(separator: "\n")
    #expect(offences.isEmpty, "\(rule.statement)\n\(list)")
  }

  @Test("its broken example is caught once", arguments: Rule.all)
  func brokenExampleIsCaught(_ rule: Rule) {
    #expect(rule.offences(SourceTree(rule.broken)).count == 1)
  }

  @Test("its near miss passes", arguments: Rule.all)
  func nearMissPasses(_ rule: Rule) {
    let offences = rule.offences(SourceTree(rule.kept))
    #expect(offences.isEmpty, "\(offences)")
  }

  @Test func theTreeIsRead() {
    let tree = SourceTree.repository
    #expect(tree.file("Package.swift") != nil)
    #expect(tree.file("include/svft.h") != nil)
    #expect(tree.file(".ci/run") != nil)
    #expect(tree.swiftSources.count > 10)
  }
}
