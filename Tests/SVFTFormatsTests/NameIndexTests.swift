// Names found by their bytes, below and above the size where hashing begins.
import SVFTFormats
import Testing

@Suite struct NameIndexTests {
  @Test(arguments: [0, 1, 7, 8, 9, 16, 17, 1000])
  func everyNameIsFoundWhereItStands(_ count: Int) {
    var index = NameIndex()
    let names = (0..<count).map { "model.layers.\($0).weight" }
    let added = names.map { index.add($0) }
    let addedAgain = names.map { index.add($0) }
    #expect(added.allSatisfy { $0 })
    #expect(!addedAgain.contains(true))
    #expect(index.names == names)
    #expect(index.count == count)
    for (place, name) in names.enumerated() { #expect(index.position(of: name) == place) }
    #expect(index.position(of: "absent") == nil)
    #expect(index.position(of: "") == nil)
  }

  /// Both are "é" to Swift's own comparison.
  @Test(arguments: [0, 20])
  func equivalentTextsAreDifferentNames(_ others: Int) {
    var index = NameIndex()
    for number in 0..<others { _ = index.add("\(number)") }
    #expect("\u{E9}" == "e\u{301}")
    let added = ["\u{E9}", "e\u{301}"].map { index.add($0) }
    #expect(added == [true, true])
    #expect(index.position(of: "\u{E9}") == others)
    #expect(index.position(of: "e\u{301}") == others + 1)
    #expect(!NameIndex.same("\u{E9}", "e\u{301}"))
    #expect(NameIndex.same("a\0b", "a\0b"))
  }
}
