// Inputs in groups that fit one step: packed in order, up to so many rows and so many sequences.

/// Consecutive groups of examples.
struct Packing: Sequence {
  /// One group: which inputs, and the step it needs.
  struct Group {
    let range: Range<Int>
    let capacity: Pass.Capacity
  }

  private let groups: [Group]

  /// Groups of at most `rows` rows (a longer input stands alone) and `sequences` sequences; as many
  /// rows of sources.
  init(_ inputs: [Example], rows: Int, sequences: Int) {
    var groups: [Group] = []
    var start = 0
    while start < inputs.count {
      var end = start
      var (total, sources) = (0, 0)
      while end < inputs.count, end - start < sequences,
        end == start
          || total + inputs[end].rows <= rows && sources + inputs[end].sourceRows <= rows
      {
        total += inputs[end].rows
        sources += inputs[end].sourceRows
        end += 1
      }
      groups.append(
        Group(
          range: start..<end,
          capacity: Pass.Capacity(
            rows: Swift.max(rows, total), sequences: sequences, headRows: sequences,
            sourceRows: sources > 0 ? Swift.max(rows, sources) : 0)))
      start = end
    }
    self.groups = groups
  }

  func makeIterator() -> IndexingIterator<[Group]> { groups.makeIterator() }
}
