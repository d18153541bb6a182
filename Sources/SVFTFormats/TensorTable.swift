// The checked list of a file's tensors, in the order of their data: what both containers share.
// Data must lie one after the other with nothing between but padding to the alignment, and nothing
// before or after: no overlap, no hole, no second file hidden behind the first.
import SVFTTensor

/// The tensors of one file.
struct TensorTable: Sendable {
  private var index = NameIndex()
  private(set) var entries: [TensorEntry] = []

  var names: [String] { index.names }

  subscript(name: String) -> TensorEntry? { index.position(of: name).map { entries[$0] } }

  /// Checks tensors against a file of `fileSize` bytes whose data begin at `start` in steps of
  /// `alignment`.
  init(_ found: [TensorEntry], start: Int, alignment: Int, fileSize: Int) throws(SVFTError) {
    var place = start
    // The sort is stable, so empty tensors stay in the order of the header.
    for entry in found.sorted(by: { $0.offset < $1.offset }) {
      let name = entry.name.debugDescription
      guard entry.offset == place else {
        let fault = entry.offset < place ? "overlaps the one before" : "leaves a hole before it"
        throw SVFTError(
          .format, "tensor \(name) \(fault): expected at byte \(place), found at \(entry.offset)")
      }
      let end = try Checked.sum(entry.offset, entry.byteCount, "the end of tensor \(name)")
      guard end <= fileSize else {
        throw SVFTError(
          .truncated, "tensor \(name) ends at byte \(end), the file has \(fileSize)")
      }
      guard index.add(entry.name) else {
        throw SVFTError(.format, "tensor \(name) stands twice in the header")
      }
      entries.append(entry)
      place = try Self.aligned(end, alignment)
    }
    // The padding after the last tensor may be missing, but nothing may follow it.
    guard fileSize <= place else {
      throw SVFTError(
        .format,
        "expected the end of the file at byte \(place), found \(fileSize - place) bytes more")
    }
  }

  /// `offset` rounded up to whole steps of `alignment`.
  static func aligned(_ offset: Int, _ alignment: Int) throws(SVFTError) -> Int {
    let raised = try Checked.sum(offset, alignment - 1, "an aligned offset")
    return raised / alignment * alignment
  }
}
