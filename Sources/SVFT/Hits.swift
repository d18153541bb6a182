// What was found, what should have been, and what is both.
//
//   precision = right / found     recall = right / wanted
//   F1 = 2 · precision · recall / (precision + recall) = 2 · right / (found + wanted)

/// Running counts of things that hold or not, by the model and in truth.
package struct Hits {
  /// Found, and rightly so.
  package var right = 0
  /// Found.
  package var found = 0
  /// Those that hold in truth.
  package var wanted = 0

  package init() {}

  /// 0 where nothing was found and right.
  package var f1: Double { 2 * Double(right) / Double(max(1, found + wanted)) }
}
