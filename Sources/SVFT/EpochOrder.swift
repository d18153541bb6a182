// In which order the examples of an epoch come. Each epoch has its own permutation, a function of
// the seed and the epoch alone, so that a resumed run goes on where it stopped without storing the
// order.
import SVFTTensor

/// The endless sequence of example indices of a run, and where in it a run stands.
package struct EpochOrder: Sendable {
  package let count: Int
  package let seed: UInt64
  /// The epoch of the next example, from 0.
  package private(set) var epoch: Int
  /// Examples of that epoch already taken.
  package private(set) var cursor: Int
  private var permutation: [Int]

  /// The order over `count` examples, from a stored place or the beginning.
  package init(count: Int, seed: UInt64, epoch: Int = 0, cursor: Int = 0) {
    self.count = count
    self.seed = seed
    self.epoch = epoch
    self.cursor = cursor
    permutation = EpochOrder.permutation(count: count, seed: seed, epoch: epoch)
  }

  /// The next `size` indices; fewer at the end of an epoch, so that no batch spans two.
  package mutating func next(_ size: Int) -> [Int] {
    if cursor >= count { startNextEpoch() }
    let taken = Array(permutation[cursor..<min(count, cursor + size)])
    cursor += taken.count
    return taken
  }

  private mutating func startNextEpoch() {
    epoch += 1
    cursor = 0
    permutation = EpochOrder.permutation(count: count, seed: seed, epoch: epoch)
  }

  private static func permutation(count: Int, seed: UInt64, epoch: Int) -> [Int] {
    var random = RandomSource(seed: seed, purpose: "order of epoch \(epoch)")
    return random.permutation(count)
  }
}
