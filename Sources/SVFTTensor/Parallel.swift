// Where a team's threads come from: a small pool of our own in C (CSystem/team.c says why, with
// figures).
//
// One call is one parallel region. Regions are cheap (half a microsecond) but not free: a replay is
// one region with barriers inside. Threads are started by the first region that asks for more than
// one; a forked child starts its own. Nothing is allocated per call: the closure stays on the
// caller's stack.
internal import CSystem

/// Runs bodies on teams of threads.
package enum Parallel {
  /// Processors this process may run on, by its affinity mask; at least 1.
  package static var processors: Int { Int(svs_processors()) }

  /// The largest team anybody gets.
  package static let threadLimit = 1024

  /// Calls `body` once per member of a team of at most `threads` and returns when all are done.
  ///
  /// The caller is member 0. The team may be smaller than asked for (busy pool, no more threads to
  /// be had), never larger; a region inside a region gets the threads that are idle.
  package static func run(threads: Int, _ body: (Team) -> Void) {
    guard threads > 1 else { return body(.alone) }
    runTeam(min(threads, threadLimit)) { id, size, meeting in
      body(Team(id: id, size: size, meeting: meeting))
    }
  }
}

/// `svs_team_run` seen as a Swift function: through the imported C declaration a closure that does
/// not escape could not be passed without a copy on the heap.
@_silgen_name("svs_team_run")
private func runTeam(_ threads: Int, _ body: (Int, Int, UnsafeMutableRawPointer) -> Void)
