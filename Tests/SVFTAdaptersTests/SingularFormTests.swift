// What forms cost by the published counts, and which one is chosen.
import SVFTAdapters
import Testing

@Suite struct SingularFormTests {
  /// Products with W per row, cells aside: forward, backward to the input, both sides of M.
  @Test(arguments: [(2048, 2048), (2048, 16384), (8192, 2048), (192, 576)])
  func costsFollowTheFormulas(rows: Int, columns: Int) {
    let shape = ModuleShape(
      rows: rows, columns: columns, order: min(rows, columns), cells: 0)
    let dense = Double(rows * columns)
    let q = Double(shape.order) / Double(max(rows, columns))
    let expected: [SingularForm: (Double, Double)] = [
      .additive: (4 + 2 * q, 2 + q), .oneSided: (2 + 4 * q, 1 + 2 * q),
      .factored: (2 + 2 * q, 1 + q), .materialised: (3 + q, 1),
    ]
    for form in SingularForm.allCases {
      let (training, inference) = expected[form] ?? (0, 0)
      #expect(abs(form.cost(shape, training: true).perRow / dense - training) < 1e-9)
      #expect(abs(form.cost(shape, training: false).perRow / dense - inference) < 1e-9)
      let perStep = form == .materialised ? Double(shape.order) : 0
      #expect(form.cost(shape, training: true).perStep / dense == perStep)
    }
  }

  @Test func whereMemoryIsShortNoMatrixIsMade() {
    let shape = ModuleShape(rows: 2048, columns: 2048, order: 2000, cells: 2000)
    for rows in [1, 512, 100_000] {
      let free = FormPlanner(step: .training(rowsPerUpdate: rows)).form(shape, isSteady: false)
      let sparing = FormPlanner(step: .training(rowsPerUpdate: rows, sparesMemory: true))
      let form = sparing.form(shape, isSteady: false)
      #expect(form != .materialised && (free == form || free == .materialised))
    }
    let large = FormPlanner(step: .training(rowsPerUpdate: 100_000))
    #expect(large.form(shape, isSteady: false) == .materialised)
  }

  @Test func aStepIsItsRowsAndWhatIsMadeOnce() {
    let shape = ModuleShape(rows: 8, columns: 4, order: 4, cells: 10)
    let cost = SingularForm.materialised.cost(shape, training: true)
    #expect(cost.total(rows: 5) == 5 * cost.perRow + cost.perStep)
    let sparse = SingularForm.additive.cost(shape, training: true).perRow
    let empty = ModuleShape(rows: 8, columns: 4, order: 4, cells: 0)
    #expect(sparse - SingularForm.additive.cost(empty, training: true).perRow == 30)
  }

  @Test func fasterProductsCostLess() {
    var speeds = ProductSpeeds()
    (speeds.base, speeds.factors, speeds.side) = (2, 4, 8)
    func cost(_ form: SingularForm, solving half: Int? = nil) -> Double {
      let shape = ModuleShape(rows: 8, columns: 4, order: 4, cells: 0, solvedBandwidth: half)
      return form.cost(shape, training: true, speeds).perRow
    }
    #expect(cost(.additive) == 2 * (16 + 12) && cost(.factored) == 24)
    #expect(cost(.oneSided) == 2 * (16 + 4))
    speeds.sideIsApart = true
    #expect(cost(.oneSided) == 2 * (16 + 4 + 32))
    #expect(cost(.materialised) == 16 + 12)
    // Sixteen numbers with each factor, and four directions of 8·(3·2 + 1).
    #expect(cost(.materialised, solving: 2) == 16 + 8 + 4 * 56)
    let shape = ModuleShape(rows: 8, columns: 4, order: 4, cells: 0)
    #expect(SingularForm.materialised.cost(shape, training: true, speeds).perStep == 128)
  }

  /// Llama-3.2-1B: both factors multiply as fast as W, which then need not be read.
  @Test(arguments: [(2048, 2048), (8192, 2048), (2048, 8192), (512, 2048)], [true, false])
  func theCheapestIsTaken(size: (rows: Int, columns: Int), inBF16: Bool) {
    let (rows, columns) = size
    let order = min(rows, columns)
    let shape = ModuleShape(rows: rows, columns: columns, order: order, cells: order)
    let planner = FormPlanner(step: .training(rowsPerUpdate: 512))
    var speeds = ProductSpeeds()
    if inBF16 { (speeds.base, speeds.factors) = (1.8, 1.8) }
    for isSteady in [true, false] {
      #expect(planner.form(shape, isSteady: isSteady, speeds) == .factored)
      let kept = planner.form(shape, isSteady: isSteady, isWhole: false, speeds)
      #expect(kept != .factored && (isSteady || kept != .oneSided))
    }
    #expect(FormPlanner(step: .inference).form(shape, isSteady: false, speeds) == .additive)
  }

  @Test func manyRowsPayForAMatrixOfTheirOwn() {
    let shape = ModuleShape(rows: 2048, columns: 2048, order: 128, cells: 128)
    func form(_ rows: Int) -> SingularForm {
      FormPlanner(step: .training(rowsPerUpdate: rows)).form(shape, isSteady: true)
    }
    #expect(form(16) == .additive)
    #expect(form(8192) == .materialised)
  }
}
