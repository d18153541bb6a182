// A template of the language that Hugging Face's chat templates are written in: the part of Jinja
// that they use, with trim_blocks and lstrip_blocks on, `break` and `continue`, and transformers'
// own raise_exception, strftime_now, tojson and {% generation %}.
//
//   source → parts (TemplateLexer) → syntax tree (TemplateParser) → text (TemplateRun)
//
// A template is foreign code: it reaches nothing but the values it is given, and work, nesting and
// output are limited.
package import SVFTFormats
package import SVFTTensor

/// A compiled template.
///
/// Immutable: any number of threads may render it.
package struct Template: Sendable {
  /// What a template may cost.
  package struct Limits: Sendable {
    /// Bytes of its source.
    package var source = 1 << 20
    /// Steps: nodes visited and characters made; as many again for each character given.
    package var work = 1 << 24
    package var workPerCharacter = 64
    /// Levels of nesting while it runs.
    package var depth = 160
    /// Characters that it may print.
    package var output = 1 << 26

    package init() {}
  }

  private let body: [TemplateStatement]
  private let limits: Limits
  /// Whether it marks what the assistant writes ({% generation %}).
  package let marksGeneration: Bool

  /// Compiles a source. Throws `.format` for a malformed one, `.unsupported` for what is not known
  /// of the language, `.limit`, each with the line.
  package init(_ source: String, limits: Limits = Limits()) throws(SVFTError) {
    guard source.utf8.count <= limits.source else {
      throw SVFTError(
        .limit, "expected at most \(limits.source) bytes, found \(source.utf8.count)")
    }
    self.limits = limits
    var lexer = TemplateLexer(source)
    let parts = try lexer.run()
    marksGeneration = parts.contains { part in
      guard case .block(let tokens) = part.content else { return false }
      return tokens.first?.kind == .name("generation")
    }
    var parser = TemplateParser(parts)
    body = try parser.run()
  }

  /// What the template makes of its variables. Throws `.data` with the template's own sentence
  /// where it refuses and with ours where a value does not do, `.unsupported` and `.limit`, each
  /// with the line.
  package func render(_ variables: Variables) throws(SVFTError) -> Rendering {
    var limits = limits
    let more = try Checked.product(variables.size, limits.workPerCharacter, "steps")
    limits.work = try Checked.sum(limits.work, more, "steps")
    var run = TemplateRun(variables.values, limits, now: variables.now)
    do throws(SVFTError) { _ = try run.execute(body) } catch {
      throw error.while("line \(run.line)")
    }
    return Rendering(run.output, run.spans)
  }

  /// The variables of a rendering.
  package struct Variables: Sendable {
    private(set) var values: [String: TemplateValue] = [:]
    /// Characters and elements in them.
    private(set) var size = 0
    /// The moment that `strftime_now` tells, in seconds since 1970; without one the template finds
    /// no such function.
    package var now: Int?

    package init() {}

    /// Sets a variable whose texts are the program's own.
    package mutating func set(_ name: String, _ value: JSON) throws(SVFTError) {
      add(name, try TemplateValue(value, origin: 0))
    }

    /// Sets a variable that somebody else wrote: nothing in it can become a control token.
    package mutating func set(foreign name: String, _ value: JSON) throws(SVFTError) {
      add(name, try TemplateValue(value, origin: TemplateCharacter.foreign))
    }

    /// Sets a list of objects that somebody else wrote, each of which can be told in the rendering;
    /// the members of these names are the program's own.
    package mutating func set(
      numbered name: String, _ elements: [JSON.Object], own: [String] = []
    ) throws(SVFTError) {
      var items: [TemplateValue] = []
      for (index, element) in elements.enumerated() {
        var dict = TemplateDict()
        for (key, value) in element.members {
          let origin = own.contains(key) ? 0 : index + 1
          let key = TemplateKey.text(TemplateText(key, origin: origin))
          try dict.set(key, TemplateValue(value, origin: origin))
        }
        items.append(.dict(dict))
      }
      add(name, try .list(of: items))
    }

    private mutating func add(_ name: String, _ value: TemplateValue) {
      values[name] = value
      size += value.size
    }
  }
}

/// What a template printed.
package struct Rendering: Sendable, Equatable {
  /// A stretch of one origin.
  package struct Stretch: Sendable, Equatable {
    /// Its bytes.
    package let range: Range<Int>
    /// 0 for the template's own text, from 1 the number of the element of a numbered list,
    /// `foreign` for any other text.
    package let origin: Int
  }

  /// The origin of foreign text without a number.
  package static let foreign = TemplateCharacter.foreign

  /// The text in UTF-8.
  package let bytes: [UInt8]
  /// Where each part of it comes from, in order and without gaps.
  package let stretches: [Stretch]
  /// The bytes that {% generation %} blocks printed.
  package let generated: [Range<Int>]

  init(_ text: TemplateText, _ spans: [Range<Int>]) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var stretches: [Stretch] = []
    var start = 0
    var starts: [Int] = []
    starts.reserveCapacity(spans.isEmpty ? 0 : text.count + 1)
    for (index, character) in text.enumerated() {
      if !spans.isEmpty { starts.append(bytes.count) }
      bytes.append(character.scalar)
      if index + 1 == text.count || text[index + 1].origin != character.origin {
        stretches.append(Stretch(range: start..<bytes.count, origin: character.origin))
        start = bytes.count
      }
    }
    starts.append(bytes.count)
    self.bytes = bytes
    self.stretches = stretches
    generated = spans.isEmpty ? [] : spans.map { starts[$0.lowerBound]..<starts[$0.upperBound] }
  }

  /// The text.
  package var text: String { String(decoding: bytes, as: UTF8.self) }
}
