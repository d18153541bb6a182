// Which special tokens go around one text or two, and which segment every token belongs to:
// tokenizer.json's "post_processor" (TemplateProcessing and its older, fixed forms), GGUF's
// add_bos and add_eos.
import SVFTFormats
package import SVFTTensor

/// Token ids with the segment (0 or 1) of each.
package struct Encoding: Sendable, Equatable {
  /// The token ids in order.
  package var ids: [Int32] = []
  /// The segment of each id, for models that know two.
  package var segments: [Int32] = []

  mutating func append(_ more: [Int32], segment: Int32) {
    ids += more
    segments += [Int32](repeating: segment, count: more.count)
  }

  /// The first `length` ids.
  func prefix(_ length: Int) -> Encoding {
    Encoding(ids: Array(ids.prefix(length)), segments: Array(segments.prefix(length)))
  }

  /// Throws `.unsupported` where a text of the pair is in a segment that a model of so many knows
  /// nothing of; 0 is a model to which segments mean nothing.
  package func requireSegments(_ known: Int) throws(SVFTError) {
    guard known > 0, let last = segments.max(), Int(last) >= known else { return }
    throw SVFTError(
      .unsupported,
      "a pair of texts has \(last + 1) segments, the model knows \(known) (type_vocab_size)")
  }
}

/// The order of special tokens and texts.
struct SegmentTemplate: Sendable {
  /// One place of the order.
  enum Item: Sendable, Equatable {
    case special([Int32], segment: Int32)
    case text(second: Bool, segment: Int32)
  }

  var single: [Item] = [.text(second: false, segment: 0)]
  var pair: [Item] = [.text(second: false, segment: 0), .text(second: true, segment: 0)]

  /// The texts alone.
  init() {}

  /// Texts with tokens at the beginning and the end, each text on its own, as Llama's.
  init(before: [Int32], after: [Int32]) {
    func around(_ second: Bool, _ segment: Int32) -> [Item] {
      [
        .special(before, segment: segment), .text(second: second, segment: segment),
        .special(after, segment: segment),
      ]
    }
    single = around(false, 0)
    pair = around(false, 0) + around(true, 1)
  }

  /// [CLS] A [SEP] and [CLS] A [SEP] B [SEP], as BERT's.
  init(classification: Int32, separator: Int32) {
    single = [
      .special([classification], segment: 0), .text(second: false, segment: 0),
      .special([separator], segment: 0),
    ]
    pair = single + [.text(second: true, segment: 1), .special([separator], segment: 1)]
  }

  /// <s> A </s> and <s> A </s></s> B </s>, as RoBERTa's.
  init(roberta classification: Int32, separator: Int32) {
    self.init(classification: classification, separator: separator)
    pair =
      single + [
        .special([separator], segment: 0), .text(second: true, segment: 0),
        .special([separator], segment: 0),
      ]
  }

  /// Whether this is RoBERTa's template, whatever its tokens.
  var isRoBERTa: Bool {
    guard case .special(let first, _)? = single.first, case .special(let last, _)? = single.last,
      first.count == 1, last.count == 1
    else { return false }
    let own = SegmentTemplate(roberta: first[0], separator: last[0])
    return single == own.single && pair == own.pair
  }

  /// The ids of one text, or two, in the order of the template.
  func encoding(_ first: [Int32], _ second: [Int32]? = nil) -> Encoding {
    var result = Encoding()
    for item in second == nil ? single : pair {
      switch item {
      case .special(let ids, let segment): result.append(ids, segment: segment)
      case .text(let isSecond, let segment):
        result.append(isSecond ? second ?? [] : first, segment: segment)
      }
    }
    return result
  }

  /// The same within `limit` ids. What is too much is taken from the end of the longer text until
  /// both are as long, then from both, as the tokenizers package does it ("longest_first"); the
  /// special ids stay.
  func encoding(
    _ first: [Int32], _ second: [Int32]? = nil, within limit: Int
  ) -> Encoding {
    let special = encoding([], second == nil ? nil : []).ids.count
    let room = max(0, limit - special)
    let (a, b) = (first.count, second?.count ?? 0)
    guard a + b > room else { return encoding(first, second).prefix(limit) }
    var (short, long) = (min(a, b), max(min(a, b), room - min(a, b)))
    if short + long > room { (short, long) = (room / 2, room - room / 2) }
    let kept = a > b ? (long, short) : (short, long)
    return encoding(Array(first.prefix(kept.0)), second.map { Array($0.prefix(kept.1)) })
      .prefix(limit)
  }

  /// The special ids of the template, for checks against the vocabulary.
  var specialIDs: [Int32] {
    (single + pair).flatMap { item -> [Int32] in
      if case .special(let ids, _) = item { ids } else { [] }
    }
  }

  /// The special ids before and after a single text.
  var around: (before: [Int32], after: [Int32]) {
    var result: (before: [Int32], after: [Int32]) = ([], [])
    var isAfter = false
    for item in single {
      switch item {
      case .special(let ids, _): if isAfter { result.after += ids } else { result.before += ids }
      case .text: isAfter = true
      }
    }
    return result
  }
}

/// The known post-processors, by the name in tokenizer.json.
enum PostProcessors {
  static let all: StageRegistry<SegmentTemplate> = [
    // Only moves the offsets of words, which we do not keep.
    "ByteLevel": { _ throws(SVFTError) in [] },
    "TemplateProcessing": { json throws(SVFTError) in [try SegmentTemplate(json)] },
    "BertProcessing": { json throws(SVFTError) in
      [
        SegmentTemplate(
          classification: try tokenID(json, "cls"), separator: try tokenID(json, "sep"))
      ]
    },
    "RobertaProcessing": { json throws(SVFTError) in
      [
        SegmentTemplate(
          roberta: try tokenID(json, "cls"), separator: try tokenID(json, "sep"))
      ]
    },
  ]

  /// The id in a pair of token and id.
  private static func tokenID(_ json: JSON.Object, _ key: String) throws(SVFTError) -> Int32 {
    let pair = try json.array(key)
    guard pair.count == 2 else {
      throw SVFTError(
        .format, "\(json.place(key)): expected a token and its id, found \(pair.count) values")
    }
    return try TokenID.checked(try pair[1].int(json.place(key)), json.place(key))
  }
}

extension SegmentTemplate {
  /// Reads a TemplateProcessing object.
  init(_ json: JSON.Object) throws(SVFTError) {
    let specials = try json.object("special_tokens")
    single = try Self.items(json, "single", specials)
    pair = try Self.items(json, "pair", specials)
    let usesSecond = single.contains { if case .text(true, _) = $0 { true } else { false } }
    if usesSecond {
      throw SVFTError(.format, "\(json.place("single")): a second sequence in a single text")
    }
  }

  private static func items(
    _ json: JSON.Object, _ key: String, _ specials: JSON.Object
  ) throws(SVFTError) -> [Item] {
    var items: [Item] = []
    for object in try json.objects(key) {
      if object.has("Sequence") {
        let sequence = try object.object("Sequence")
        let name = try sequence.string("id")
        guard name == "A" || name == "B" else {
          throw SVFTError(.format, "\(sequence.place("id")): expected A or B, found \(name)")
        }
        items.append(.text(second: name == "B", segment: try segment(sequence)))
      } else {
        let token = try object.object("SpecialToken")
        var ids: [Int32] = []
        for id in try specials.object(try token.string("id")).ints("ids") {
          ids.append(try TokenID.checked(id, specials.place("ids")))
        }
        items.append(.special(ids, segment: try segment(token)))
      }
    }
    return items
  }

  private static func segment(_ json: JSON.Object) throws(SVFTError) -> Int32 {
    let place = json.place("type_id")
    let value = try Checked.within(
      try json.int("type_id", default: 0), 0...255, place, kind: .format)
    return Int32(truncatingIfNeeded: value)
  }
}

/// Foreign numbers as token ids.
enum TokenID {
  /// `value` as an id.
  ///
  /// Throws `.format` for what cannot be one.
  static func checked(_ value: Int, _ place: @autoclosure () -> String) throws(SVFTError) -> Int32 {
    guard value >= 0, let id = Int32(exactly: value) else {
      throw SVFTError(.format, "\(place()): expected a token id, found \(value)")
    }
    return id
  }
}
