// Replaying: any team, fewer rows than planned, again and again.
import SVFTLayers
import SVFTTensor
import Testing

struct ProgramTests {
  @Test(arguments: 0..<10 as Range<UInt64>)
  func teamsAgreeBitForBit(seed: UInt64) throws {
    let graph = try RandomGraph(seed: seed, training: true, exposed: false)
    let alone = try graph.step().map { $0.map(\.bitPattern) }
    for threads in [2, 3, 5] {
      #expect(try graph.step(threads: threads).map { $0.map(\.bitPattern) } == alone)
    }
  }

  @Test func aSmallStepOfALargePlanAndAnEmptyOne() throws {
    let graph = Graph(training: false)
    let x = graph.input(width: 2)
    let y = graph.add(x, x)
    graph.output(y)
    let program = try Program(graph, rows: 100, threads: 2)
    let batch = try Batch(rows: 100, sequences: 1)
    try program.forward(batch)
    #expect(program.values(y)[0] == 0)
    try batch.setRows(1)
    for i in 0..<4 { program.values(x)[i] = Float(i + 1) }
    try program.forward(batch)
    #expect((0..<4).map { program.values(y)[$0] } == [2, 4, 0, 0])
  }

  @Test func nothingIsLeftOverFromTheStepBefore() throws {
    let graph = try RandomGraph(seed: 3, training: true, exposed: false)
    let first = try graph.step()
    #expect(try graph.step() == first)
  }

  @Test func moreRowsThanPlannedAreRefused() throws {
    let graph = Graph(training: true)
    let x = graph.input(width: 2, differentiable: true)
    graph.output(graph.add(x, x))
    let program = try Program(graph, rows: 4, threads: 1)
    let batch = try Batch(rows: 9, sequences: 1)
    try batch.setRows(5)
    for step in [program.forward, program.backward] {
      do {
        try step(batch)
        Issue.record("a step larger than the plan was replayed")
      } catch {
        #expect(error.kind == .limit)
        #expect(error.message.contains("4") && error.message.contains("5"))
      }
    }
    try batch.setRows(4)
    try program.forward(batch)
  }
}
