// From records to tokens, with the loss on the parts that were asked for.
//
// Where a part of a text is masked, the whole text is tokenised, and the tokens that the masked
// beginning alone would give too are masked: a token that spans the border counts.
import SVFTFormats
package import SVFTTensor
package import SVFTText

/// What makes examples of the files of a data set.
protocol ExampleSource {
  /// The files behind a data path. Throws `.io` where there are none.
  func files(_ path: String) throws(SVFTError) -> DataFiles
  /// All examples of a file; numbers mean what they do in the data that it is `like`. Throws
  /// `.data` with the line, `.io`.
  func dataset(file path: String, like other: Task?) throws(SVFTError) -> Dataset
}

/// Turns records into examples for one tokenizer.
package struct ExampleBuilder: ExampleSource {
  private let tokenizer: Tokenizer
  private let options: TrainingOptions
  private let maxLength: Int
  private let chat: ChatEncoder
  private let outputs: Int
  private let segments: Int
  private let startToken: Int32?

  /// `contextLength` bounds the length where the options leave it open; `template` is the
  /// conversation layout that the model brings, `now` the moment it is told, `outputs` how many its
  /// class head has, `segments` how many a sequence may have (0: they play no part), `startToken`
  /// what an encoder-decoder's answers begin with.
  package init(
    _ tokenizer: Tokenizer, _ options: TrainingOptions, contextLength: Int,
    template: ChatTemplate? = nil, now: Int = Clock.wall(), outputs: Int, segments: Int = 0,
    startToken: Int32? = nil
  ) {
    self.startToken = startToken
    chat = ChatEncoder(tokenizer, options.chatStyle, template: template, now: now)
    self.segments = segments
    self.outputs = outputs
    self.tokenizer = tokenizer
    self.options = options
    maxLength = options.maxLength == 0 ? contextLength : min(options.maxLength, contextLength)
  }

  func files(_ path: String) throws(SVFTError) -> DataFiles { try DataFiles(path) }

  package func dataset(file path: String, like other: Task? = nil) throws(SVFTError) -> Dataset {
    var dataset = try contents(of: path, like: other)
    dataset.path = path
    return dataset
  }

  private func contents(of path: String, like other: Task?) throws(SVFTError) -> Dataset {
    switch try DataContents(file: path) {
    case .runningText(let text):
      try requireOneText(path)
      let examples = try windows(of: text)
      guard !examples.isEmpty else {
        throw SVFTError(
          .data,
          "\(path): expected a text of at least two tokens, so that one can be predicted, within "
            + "max_seq_length \(maxLength), found fewer")
      }
      return Dataset(
        examples: examples, task: .language, classes: [], dropped: 0, isRunningText: true)
    case .records(let records): return try dataset(records, path, like: other)
    }
  }

  private func dataset(
    _ records: [(line: Int, record: DataRecord)], _ path: String, like other: Task?
  ) throws(SVFTError) -> Dataset {
    var examples: [Example] = []
    var dropped = 0
    for (line, record) in records {
      do throws(SVFTError) {
        var example = try self.example(record)
        example.line = line
        if max(example.ids.count, example.source.count) > maxLength {
          switch options.longRecords {
          case .truncate: truncate(&example)
          case .drop:
            dropped += 1
            continue
          case .error:
            throw SVFTError(
              .data,
              "expected at most \(maxLength) tokens, found "
                + "\(max(example.ids.count, example.source.count))")
          }
        }
        let reads = startToken == nil || !example.source.isEmpty
        guard example.counted > 0, !example.ids.isEmpty, reads else {
          dropped += 1
          continue
        }
        examples.append(example)
      } catch {
        throw SVFTError(.data, "\(path), line \(line): \(error.message)")
      }
    }
    guard !examples.isEmpty else {
      throw SVFTError(
        .data, "\(path): expected records with something to learn from, found \(dropped) without")
    }
    let (task, classes) = try during(path) { () throws(SVFTError) in
      try Labels.task(of: examples, outputs: outputs, like: other)
    }
    return Dataset(
      examples: examples, task: task, classes: classes, dropped: dropped, isRunningText: false)
  }

  /// One record as tokens. Throws `.data`.
  package func example(_ record: DataRecord) throws(SVFTError) -> Example {
    switch record {
    case .text(let text):
      try requireOneText("the record")
      let ids = try tokenizer.encode(text, addSpecial: true, parseSpecial: false)
      return next(ids, masked: 0)
    case .completion(let prompt, let completion):
      return try completed(prompt, completion)
    case .messages(let talk):
      try requireOneText("the record")
      return try conversation(talk)
    case .labelled(let text, let pair, let label):
      try Labels.check(label, outputs: outputs)
      let encoded = try tokenizer.encodePair(
        text, pair, limit: options.longRecords == .truncate ? maxLength : .max)
      if pair != nil { try encoded.requireSegments(segments) }
      return Example(
        ids: encoded.ids, segments: pair == nil ? nil : encoded.segments, label: label
      ).repeated(from: startToken)
    case .tagged(let words, let tags): return try tagged(words, tags)
    case .picture:
      throw SVFTError(.data, "expected a text for a model of text, found a picture")
    case .tokens(let ids, let labels):
      for id in ids where id < 0 || id >= tokenizer.vocabularySize {
        throw SVFTError(
          .data, "input_ids: expected ids below \(tokenizer.vocabularySize), found \(id)")
      }
      for id in labels where id != -100 && (id < 0 || id >= tokenizer.vocabularySize) {
        throw SVFTError(
          .data, "labels: expected -100 or ids below \(tokenizer.vocabularySize), found \(id)")
      }
      if let startToken { return Example(source: ids, answer: labels, start: startToken) }
      guard ids.count == labels.count else {
        throw SVFTError(
          .data, "expected as many labels as input_ids, found \(labels.count) and \(ids.count)")
      }
      return Example(ids: ids, labels: Array(labels.dropFirst()) + [-100])
    }
  }

  /// Throws `.data` for a model that needs a text to read and one to answer.
  private func requireOneText(_ place: String) throws(SVFTError) {
    guard startToken != nil else { return }
    throw SVFTError(
      .data,
      "\(place): expected prompt and completion, or input_ids and labels, for an "
        + "encoder-decoder, which reads one text and answers with another, found one text")
  }

  /// Words with classes: the first token of each is to have its word's.
  private func tagged(
    _ words: [String], _ tags: [DataRecord.Label]
  ) throws(SVFTError) -> Example {
    let encoded = try tokenizer.encode(words: words)
    var example = Example(ids: encoded.ids)
    for (tag, row) in zip(tags, encoded.rows) {
      guard let row, tag != .integer(-100) else { continue }
      try Labels.check(tag, outputs: outputs)
      example.tags.append(Example.Tag(row: row, label: tag))
    }
    return example
  }

  private func completed(_ prompt: String, _ completion: String) throws(SVFTError) -> Example {
    if let startToken {
      var answer = try tokenizer.encode(completion, addSpecial: true, parseSpecial: false)
      endSequence(&answer)
      return Example(
        source: try tokenizer.encode(prompt, addSpecial: true, parseSpecial: false),
        answer: answer, start: startToken)
    }
    let masked =
      options.lossOn == .all
      ? [] : try tokenizer.encode(prompt, addSpecial: true, parseSpecial: false)
    var ids = try tokenizer.encode(prompt + completion, addSpecial: true, parseSpecial: false)
    endSequence(&ids)
    return next(ids, masked: shared(masked, ids))
  }

  private func conversation(_ talk: DataRecord.Talk) throws(SVFTError) -> Example {
    let conversation = try chat.whole(talk)
    var example = next(conversation.ids, masked: 0)
    guard options.lossOn != .all else { return example }
    for (index, counts) in conversation.fromAssistant.dropFirst().enumerated() where !counts {
      example.labels[index] = -100
    }
    return example
  }

  /// Windows over a running text; each begins as the tokenizer begins a text.
  private func windows(of text: String) throws(SVFTError) -> [Example] {
    let start = try tokenizer.encode("", addSpecial: true, parseSpecial: false)
    let ids = try tokenizer.encode(text, addSpecial: false, parseSpecial: false)
    let length = max(1, maxLength - start.count)
    return stride(from: 0, to: ids.count, by: length).compactMap { first in
      let window = start + ids[first..<min(ids.count, first + length)]
      return window.count < 2 || maxLength < 2 ? nil : next(window, masked: 0)
    }
  }

  /// An example that predicts each next token, the first `masked` tokens excepted.
  private func next(_ ids: [Int32], masked: Int) -> Example {
    var labels = Array(ids.dropFirst()) + (ids.isEmpty ? [] : [-100])
    for index in labels.indices where index + 1 < masked { labels[index] = -100 }
    return Example(ids: ids, labels: labels)
  }

  private func truncate(_ example: inout Example) {
    let labelsText = example.label != nil || !example.tags.isEmpty
    example.ids = truncated(example.ids, keepingEnd: labelsText)
    example.source = truncated(example.source, keepingEnd: true)
    example.segments = example.segments.map { Array($0.prefix(maxLength)) }
    let kept = example.ids.count - (labelsText ? 1 : 0)
    example.tags.removeAll { $0.row >= kept }
    example.labels = Array(example.labels.prefix(maxLength))
    // The last row of one text has nothing to predict.
    guard startToken == nil, !example.labels.isEmpty else { return }
    example.labels[example.labels.count - 1] = -100
  }

  private func truncated(_ ids: [Int32], keepingEnd: Bool) -> [Int32] {
    guard ids.count > maxLength, keepingEnd, let last = ids.last, tokenizer.isSpecial(last) else {
      return Array(ids.prefix(maxLength))
    }
    return Array(ids.prefix(maxLength - 1)) + [last]
  }

  private func endSequence(_ ids: inout [Int32]) {
    if let end = tokenizer.special.eos, ids.last != end { ids.append(end) }
  }

  private func shared(_ a: [Int32], _ b: [Int32]) -> Int {
    zip(a, b).prefix { $0 == $1 }.count
  }
}
