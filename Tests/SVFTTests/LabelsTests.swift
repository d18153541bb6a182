// Names are classes, numbers a score or the classes of a head.
import SVFT
import SVFTTensor
import Testing

@Suite struct LabelsTests {
  private func examples(_ labels: [DataRecord.Label?]) -> [Example] {
    labels.map { Example(ids: [1], label: $0) }
  }

  @Test func namesAreNumberedInSortedOrder() throws {
    let (task, classes) = Labels.task(
      of: examples([.name("dog"), .name("cat"), .name("dog")]), outputs: 0)
    #expect(task == .classes && classes == ["cat", "dog"])
    #expect(try Labels.number(of: .name("dog"), in: classes) == 1)
    let failure = #expect(throws: SVFTError.self) {
      try Labels.number(of: .name("cow"), in: classes)
    }
    #expect(failure?.kind == .data && failure?.message.contains("\"cow\"") == true)
  }

  @Test func numbersAreAScoreUnlessAHeadHasClasses() throws {
    let numbers = examples([.number(0), .number(2)])
    #expect(Labels.task(of: numbers, outputs: 0) == (.score, []))
    #expect(Labels.task(of: numbers, outputs: 1) == (.score, []))
    #expect(Labels.task(of: numbers, outputs: 3) == (.classes, []))
    #expect(Labels.task(of: examples([nil]), outputs: 3) == (.language, []))
    #expect(try Labels.number(of: .number(2), in: []) == 2)
  }

  @Test func numbersBeyondTheHeadAreRefused() throws {
    try Labels.check(.number(2), outputs: 3)
    try Labels.check(.number(2.5), outputs: 1)
    try Labels.check(.name("a"), outputs: 3)
    for number in [3, -1, 0.5, 1e300, Double.greatestFiniteMagnitude] {
      #expect(kind { try Labels.check(.number(number), outputs: 3) } == .data)
    }
  }
}
