// The threads that replay one plan: every member runs the same body and takes its share of the
// chunks.
//
// Chunks are fixed by shapes alone and each chunk is computed by one member in a fixed order, so
// results are bit-identical for any team size. A body never assumes the size it asked for and never
// throws. Where the threads come from is in `Parallel.swift`.
internal import CSystem

/// One member's view of its team.
package struct Team: @unchecked Sendable {
  /// 0 ..< size.
  package let id: Int
  /// How many members really run.
  package let size: Int
  private let meeting: UnsafeMutableRawPointer?

  package init(id: Int, size: Int, meeting: UnsafeMutableRawPointer?) {
    self.id = id
    self.size = size
    self.meeting = meeting
  }

  /// A team of one: the caller itself.
  package static let alone = Team(id: 0, size: 1, meeting: nil)

  /// This member's share of `count` chunks: id, id + size and so on.
  package func share(of count: Int) -> StrideTo<Int> { stride(from: id, to: count, by: size) }

  /// This member's part of `count` chunks that lie side by side: for products, which copy what they
  /// multiply with once a run of chunks.
  package func span(of count: Int) -> Range<Int> {
    count * id / size..<count * (id + 1) / size
  }

  /// Waits until every member has come here.
  ///
  /// All members must call it equally often.
  package func barrier() {
    guard size > 1, let meeting else { return }
    svs_meet(meeting)
  }
}
