// What the ops of some work take, for reports of speed:
//
//   [{"op", "pass": forward, again (recomputed) or backward, "calls", "seconds", "waiting",
//     "multiply_adds" of a product or "bytes" of a pass over values}, …]      each for one repeat
//
// Seconds are means over the threads. What the table leaves out of a repeat lies between replays:
// gathering rows, the optimiser, starting threads.
import SVFTFormats
import SVFTLayers
import SVFTTensor

/// Follows the passes of some work, where it is wanted.
final class OpWatch {
  private let isWanted: Bool
  private var followed: [(pass: Pass, watches: (body: Stopwatch, head: Stopwatch))] = []

  init(_ isWanted: Bool) { self.isWanted = isWanted }

  /// Notes what `pass` does from now on, instead of any other watch.
  func follow(_ pass: Pass) {
    guard isWanted else { return }
    let known = followed.first { $0.pass === pass }?.watches
    let watches = known ?? (Stopwatch(pass.body), Stopwatch(pass.head))
    if known == nil { followed.append((pass, watches)) }
    pass.watch(watches)
  }

  /// Ends it.
  func release() { for (pass, _) in followed { pass.watch(nil) } }

  /// What was noted, the longest first; nil where nothing was wanted.
  func report(repeats: Int) -> JSON? {
    guard isWanted, repeats > 0 else { return nil }
    let times = followed.flatMap { $0.watches.body.times + $0.watches.head.times }
    let longest = times.sorted { $0.seconds + $0.waiting > $1.seconds + $1.waiting }
    return .array(longest.map { Self.entry($0, repeats: repeats) })
  }

  private static func entry(_ time: OpTime, repeats: Int) -> JSON {
    let count = Double(repeats)
    var entry = JSON.Object([
      ("op", .string(time.kind)), ("pass", .string(time.pass.rawValue)),
      ("calls", .number(Double(time.calls) / count)), ("seconds", .number(time.seconds / count)),
      ("waiting", .number(time.waiting / count)),
    ])
    let (name, work) =
      time.multiplyAdds > 0 ? ("multiply_adds", time.multiplyAdds) : ("bytes", time.bytes)
    entry[name] = .number(Double(work) / count)
    return .object(entry)
  }
}
