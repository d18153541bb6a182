// A few queries of one sequence over all its cached rows: a decoding step.
//
// What they see, from the block of keys on in which a window begins, is cut into parts, so that
// every member has work even where heads are few. A part gives, per query and head, Σ e^(s − m) V,
// the largest score m and Σ e^(s − m); parts are joined in their order (Dao et al.,
// "Flash-Decoding", 2023). The cut follows from the step's shape, so the team's size changes no
// bit. A chunk reads each row once for all heads that share it.
import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Attention {
  /// Results of parts that a step has room for, one per query.
  private static let records = 64

  /// Floats of one query's and head's result: its output, the largest score, the sum.
  private var recordWidth: Int { shape.headWidth + 2 }

  /// Bytes of the results of parts.
  var partialBytes: Int {
    guard hasCache else { return 0 }
    return Attention.records * shape.heads * recordWidth * MemoryLayout<Float>.stride
  }

  /// Keys of one part: a block, or as many more as let all results have room.
  func cut(_ spans: UnsafeBufferPointer<Span>, _ cache: KVCache) -> Int {
    var length = Attention.keyBlock
    while true {
      var count = 0
      for span in spans where isFew(span, cache) {
        let parts = parts(span, length)
        if parts > 1 { count += parts * span.count }
      }
      if count <= Attention.records { return length }
      length *= 2
    }
  }

  /// The first key of a span's parts: that of the block in which a query's window begins.
  private func start(_ span: Span) -> Int {
    let queries = span.past..<span.past + span.count
    let first = visible(queries: queries, of: keyCount(span)).lowerBound
    return first / Attention.keyBlock * Attention.keyBlock
  }

  private func parts(_ span: Span, _ cut: Int) -> Int {
    (keyCount(span) - start(span) + cut - 1) / cut
  }

  /// Heads that share keys, at most as many together as the scratch has rows of scores.
  private var groups: some Sequence<Range<Int>> {
    let (group, most) = (shape.group, Attention.queryBlock)
    let slices = (group + most - 1) / most
    return (0..<shape.heads / group * slices).lazy.map { number in
      let first = number / slices * group + number % slices * most
      return first..<min(first + most, (number / slices + 1) * group)
    }
  }

  /// One query of heads that share keys.
  private struct Question {
    /// Its row in the step.
    let row: Int
    /// Its place in the sequence.
    let position: Int
    let heads: Range<Int>
  }

  /// Where the results of heads side by side go.
  private struct Place {
    let output: UnsafeMutablePointer<Float>
    /// From one head's output to the next one's.
    let stride: Int
    /// The largest score and the sum, of the first head.
    let figures: UnsafeMutablePointer<Float>
    let figureStride: Int
  }

  /// The record of one query and part; `number` counts both.
  private func record(_ number: Int, head: Int, _ run: Run) -> Place {
    let record =
      run.sharedScratch.assumingMemoryBound(to: Float.self)
      + (number * shape.heads + head) * recordWidth
    return Place(
      output: record, stride: recordWidth, figures: record + shape.headWidth,
      figureStride: recordWidth)
  }

  /// The output itself, with figures in the member's scratch.
  private func output(_ question: Question, _ run: Run) -> Place {
    Place(
      output: run.pointer(output) + question.row * shape.queryWidth
        + question.heads.lowerBound * shape.headWidth, stride: shape.headWidth,
      figures: (run.scratch + Attention.scoreBytes).assumingMemoryBound(to: Float.self),
      figureStride: 2)
  }

  /// A span in parts of `cut` keys: into records from number `place` on, or where there is only one
  /// straight into the output.
  func attendByParts(
    _ span: Span, _ sight: Sight, _ cut: Int, at place: inout Int, _ turn: inout Turn, _ run: Run
  ) {
    let (parts, start) = (parts(span, cut), start(span))
    for part in 0..<parts {
      let first = start + part * cut
      let keys = first..<min(sight.count, first + cut)
      for heads in groups where turn.comes() {
        for query in 0..<span.count {
          let question = Question(
            row: span.offset + query, position: span.past + query, heads: heads)
          guard parts == 1 else {
            let record = record(place + query * parts + part, head: heads.lowerBound, run)
            attend(question, keys, sight, to: record, run)
            continue
          }
          let place = output(question, run)
          attend(question, keys, sight, to: place, run)
          for index in 0..<heads.count {
            let output = place.output + index * place.stride
            Kernels.scale(
              output, by: 1 / place.figures[index * place.figureStride + 1], into: output,
              count: shape.headWidth)
          }
        }
      }
    }
    if parts > 1 { place += parts * span.count }
  }

  /// Unfinished results of one question over `keys`.
  private func attend(
    _ question: Question, _ keys: Range<Int>, _ sight: Sight, to place: Place, _ run: Run
  ) {
    let heads = question.heads.count
    for index in 0..<heads {
      (place.output + index * place.stride).update(repeating: 0, count: shape.headWidth)
      place.figures[index * place.figureStride] = -.infinity
      place.figures[index * place.figureStride + 1] = 0
    }
    let q = Kernels.Matrix(
      run.pointer(query) + question.row * shape.queryWidth
        + question.heads.lowerBound * shape.headWidth, rowStride: shape.headWidth)
    let scores = run.scratch.assumingMemoryBound(to: Float.self)
    let decoded = run.scratch + decodedOffset
    for start in stride(from: keys.lowerBound, to: keys.upperBound, by: Attention.keyBlock) {
      let block = start..<min(keys.upperBound, start + Attention.keyBlock)
      let visible = visible(query: question.position, block)
      guard !visible.isEmpty else { continue }
      let seen = start + visible.lowerBound..<start + visible.upperBound
      let shared = question.heads.lowerBound / shape.group
      lying(sight.keys, head: shared, seen, sight, scratch: decoded).scores(
        of: q, count: heads, scale: shape.scale, into: scores, stride: Attention.keyBlock)
      for index in 0..<heads {
        if let bias {
          let position = question.position
          BiasBlock(
            bias, head: question.heads.lowerBound + index, queries: position..<position + 1,
            keys: seen, scratch: biasScratch(run)
          ).add(
            to: scores + index * Attention.keyBlock, query: position, key: seen.lowerBound,
            count: seen.count)
        }
        cap(scores + index * Attention.keyBlock, count: seen.count)
        let figures = place.figures + index * place.figureStride
        let kept = Kernels.softmaxPart(
          scores + index * Attention.keyBlock, count: seen.count, largest: figures,
          sum: figures + 1)
        guard kept != 1 else { continue }
        let output = place.output + index * place.stride
        Kernels.scale(output, by: kept, into: output, count: shape.headWidth)
      }
      lying(sight.values, head: shared, seen, sight, scratch: decoded).mix(
        Kernels.Matrix(scores, rowStride: Attention.keyBlock), count: heads, into: place.output,
        stride: place.stride, accumulate: true)
    }
  }

  /// One head of rows as they lie, or in F32 where its blocks hold parts of other heads.
  private func lying(
    _ rows: UnsafeRawPointer, head: Int, _ range: Range<Int>, _ sight: Sight,
    scratch: UnsafeMutableRawPointer
  ) -> Kernels.Head {
    let (covering, _) = covering(rows, head: head, range, sight)
    guard covering.width != shape.headWidth else { return covering }
    return plain(rows, head: head, range, sight, scratch: scratch)
  }

  /// Joins the records of a span, from number `place` on, into its outputs.
  func joinParts(
    _ span: Span, _ cut: Int, at place: inout Int, _ turn: inout Turn, _ run: Run
  ) {
    let parts = parts(span, cut)
    guard parts > 1 else { return }
    let weights = run.scratch.assumingMemoryBound(to: Float.self)
    let step = shape.heads * recordWidth
    for query in 0..<span.count {
      for head in 0..<shape.heads where turn.comes() {
        let first = record(place + query * parts, head: head, run)
        var largest = -Float.infinity
        for part in 0..<parts { largest = max(largest, first.figures[part * step]) }
        var sum: Float = 0
        for part in 0..<parts {
          weights[part] = expf(first.figures[part * step] - largest)
          sum += weights[part] * first.figures[part * step + 1]
        }
        Kernels.scale(weights, by: 1 / sum, into: weights, count: parts)
        Kernels.Head(
          .f32, first.output, rowBytes: step * MemoryLayout<Float>.stride, rows: parts,
          width: shape.headWidth
        ).mix(
          Kernels.Matrix(weights, rowStride: parts), count: 1,
          into: run.pointer(output) + (span.offset + query) * shape.queryWidth
            + head * shape.headWidth, stride: shape.headWidth, accumulate: false)
      }
    }
    place += parts * span.count
  }
}
