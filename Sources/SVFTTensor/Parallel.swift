// Where a team's threads come from. For now every team is one thread: the caller.

/// Runs bodies on teams of threads.
package enum Parallel {
  /// Calls `body` once per member of a team of at most `threads` and returns when all are done.
  package static func run(threads: Int, _ body: (Team) -> Void) { body(.alone) }

  /// Waits at a team's meeting point until `size` members have come.
  static func wait(at meeting: UnsafeMutableRawPointer, of size: Int) {}
}
