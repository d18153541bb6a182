// Chat templates of the families against what jinja2 makes of them, as transformers sets it up; and
// what our own ones add: origins, limits, hostile sources.
import Dispatch
import Foundation
import SVFTFormats
import SVFTTensor
import SVFTText
import TestKit
import Testing

/// A fixture of templates.
enum TemplateFixture {
  static let folder = SharedData.packageRoot + "/Tests/Fixtures/"

  static func golden(_ name: String) throws -> JSON.Object {
    try JSON.read(folder + "templates-\(name).json").root(name)
  }

  static func source(_ name: String) throws -> String {
    try String(contentsOfFile: folder + "templates/\(name).jinja", encoding: .utf8)
  }

  static let names: [String] = {
    let files = try? FileManager.default.contentsOfDirectory(atPath: folder + "templates")
    return (files ?? []).map { String($0.dropLast(6)) }.sorted()
  }()
}

/// What a small template makes of variables.
func rendered(_ source: String, _ variables: JSON = [:], now: Int? = nil) throws -> Rendering {
  var values = Template.Variables()
  for (name, value) in try variables.root("variables").members { try values.set(name, value) }
  values.now = now
  return try Template(source).render(values)
}

/// The outcome of a golden case: the text and the marked characters, or nil for an error.
struct TemplateOutcome: Equatable {
  let text: String?
  let generated: [[Int]]

  init(_ golden: JSON.Object) throws {
    text = golden.has("expected") ? try golden.string("expected") : nil
    var spans: [[Int]] = []
    for span in golden.has("generated") ? try golden.array("generated") : [] {
      spans.append(try span.array("span").map { try $0.int("place") })
    }
    generated = spans
  }

  init(_ rendering: Rendering) {
    text = rendering.text
    generated = rendering.generated.map { span in
      [span.lowerBound, span.upperBound].map {
        String(decoding: rendering.bytes[..<$0], as: UTF8.self).unicodeScalars.count
      }
    }
  }

  static func == (a: Self, b: Self) -> Bool {
    a.generated == b.generated && a.text.map { Array($0.utf8) } == b.text.map { Array($0.utf8) }
  }
}

@Suite struct TemplateTests {
  @Test(arguments: TemplateFixture.names)
  func familiesRenderAsTheirMakersDo(_ name: String) throws {
    let golden = try TemplateFixture.golden("golden")
    let template = try Template(try TemplateFixture.source(name))
    let conversations = try golden.object("conversations")
    let tokens = try golden.object("tokens")
    var count = 0
    for item in try golden.objects("cases") where try item.string("template") == name {
      var variables = Template.Variables()
      let conversation = try conversations.object(item.string("conversation"))
      for (key, value) in Array(tokens.members) + Array(conversation.members) {
        try variables.set(key, value)
      }
      try variables.set("add_generation_prompt", item.value("prompt"))
      variables.now = try item.bool("clock") ? golden.int("now") : nil
      let expected = try TemplateOutcome(item)
      let place = "\(try item.string("conversation")), prompt \(try item.bool("prompt"))"
      count += 1
      if expected.text == nil {
        let error = failure { _ = try template.render(variables) }
        #expect(error?.kind == .data, "\(place)")
        let sentence = try item.string("error").dropFirst("TemplateError: ".count)
        #expect(error?.message.hasSuffix(sentence) == true, "\(place): \(error?.message ?? "")")
      } else {
        let found = TemplateOutcome(try template.render(variables))
        #expect(found == expected, "\(place)\n\(found)\n\(expected)")
      }
    }
    #expect(count == 16)
  }

  @Test func whatMessagesSayKeepsItsOrigin() throws {
    let template = try Template(
      "<s>{% for m in messages %}<|u|>{{ m.content[1:]|trim|upper ~ '!' }}{% endfor %}{{ t }}")
    var variables = Template.Variables()
    let messages: [JSON.Object] = ["x<s> ", " é"].map { JSON.Object([("content", .string($0))]) }
    try variables.set(numbered: "messages", messages)
    try variables.set(foreign: "t", "z")
    let rendering = try template.render(variables)
    #expect(rendering.text == "<s><|u|><S>!<|u|>É!z")
    let parts = rendering.stretches.map {
      (String(decoding: rendering.bytes[$0.range], as: UTF8.self), $0.origin)
    }
    #expect(parts.map(\.0) == ["<s><|u|>", "<S>", "!<|u|>", "É", "!", "z"])
    #expect(parts.map(\.1) == [0, 1, 0, 2, 0, Rendering.foreign])
  }

  @Test func toolsKeepTheirOriginThroughJSON() throws {
    var variables = Template.Variables()
    try variables.set(foreign: "tools", [["name": "a\"<s>"]])
    let rendering = try Template("{{ tools|tojson }}").render(variables)
    #expect(rendering.text == #"[{"name": "a\"<s>"}]"#)
    let own = rendering.stretches.filter { $0.origin == 0 }.map {
      String(decoding: rendering.bytes[$0.range], as: UTF8.self)
    }
    #expect(own == [#"[{""#, #"": ""#, #""}]"#])
  }

  @Test(arguments: [
    "{% for i in range(99999999999) %}{% endfor %}", "{{ 'ab' * 9999999999 }}",
    "{% set n = namespace(x='ab') %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% set ns = namespace(x=[]) %}{% for i in range(999) %}{% set ns.x = [ns.x] %}{% endfor %}",
    "{% set n = namespace(x={}) %}{% for i in range(999) %}{% set n.x = {'a': n.x} %}{% endfor %}",
    "{% for i in range(9999) %}{% for j in range(9999) %}{{ i }}{% endfor %}{% endfor %}",
    "{{ [0] * 99999999999 }}", "{{ 'a'|replace('', 'b' * 9999999)|replace('', 'c' * 9999999) }}",
    "{% macro f(i) %}{{ f(i + 1) }}{{ f(i + 1) }}{% endmacro %}{{ f(0) }}",
    "{% set n = namespace(x='ab') %}{% for i in range(24) %}{% set n.x = n.x + n.x %}{% endfor %}"
      + "{% for i in range(99999) %}{% if n.x == n.x + 'a' %}{% endif %}{% endfor %}",
  ])
  func whatNeverEndsIsALimit(_ source: String) {
    #expect(failure { _ = try rendered(source) }?.kind == .limit)
  }

  @Test func aSmallStackIsEnough() {
    // What threads other than the first have on some systems.
    let deep = 55
    let sources = [
      "{% macro f() %}{{ [f()]|map('upper')|list }}{% endmacro %}{{ f() }}",
      "{% macro f() %}{% if f() %}{% endif %}{% endmacro %}{{ f() }}",
      "{% macro f() %}{% for i in [1] %}{% set x = not f() %}{% endfor %}{% endmacro %}{{ f() }}",
      "{% macro f() %}{% filter upper %}{{ f() }}{% endfilter %}{% endmacro %}{{ f() }}",
      String(repeating: "{% if 1 %}", count: deep) + String(repeating: "{% endif %}", count: deep),
      "{{ " + String(repeating: "(", count: deep / 2) + "1"
        + String(repeating: ")", count: deep / 2)
        + " }}",
      "{{ " + String(repeating: "[", count: 24) + String(repeating: "]", count: 24) + "|tojson }}",
      "{{ 1" + String(repeating: "+1", count: 150) + " }}",
      "{{ 1" + String(repeating: "+1", count: 1900) + " }}",
    ]
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
      for source in sources { _ = failure { _ = try rendered(source) } }
      done.signal()
    }
    thread.stackSize = 512 << 10
    thread.start()
    #expect(done.wait(timeout: .now() + 60) == .success)
  }

  @Test func nestingInTheSourceIsALimit() {
    let deep = 500
    for source in [
      String(repeating: "{% if 1 %}", count: deep) + String(repeating: "{% endif %}", count: deep),
      "{{ " + String(repeating: "(", count: deep) + "1" + String(repeating: ")", count: deep)
        + " }}",
      "{{ " + String(repeating: "not ", count: deep) + "1 }}",
      "{{ " + String(repeating: "-", count: deep) + "1 }}",
      "{{ " + String(repeating: "[", count: deep) + String(repeating: "]", count: deep) + " }}",
      "{{ 1" + String(repeating: "+1", count: 5000) + " }}",
      "{{ 1" + String(repeating: "|string", count: 5000) + " }}",
      "{{ 1" + String(repeating: "+1", count: 1000) + " }}",
      "{{ " + String(repeating: "1 if 1 else ", count: deep) + "1 }}",
      String(repeating: "a", count: 2 << 20),
    ] {
      #expect(failure { _ = try rendered(source) }?.kind == .limit, "\(source.prefix(40))")
    }
  }

  @Test(arguments: TemplateFixture.names)
  func damagedTemplatesNeitherTrapNorHang(_ name: String) throws {
    let source = Array(try TemplateFixture.source(name).utf8)
    var limits = Template.Limits()
    limits.work = 20_000
    var variables = Template.Variables()
    try variables.set(
      "messages",
      [["role": "user", "content": "hi"], ["role": "assistant", "content": "yes"]])
    func attempt(_ bytes: [UInt8]) {
      _ = failure {
        _ = try Template(String(decoding: bytes, as: UTF8.self), limits: limits).render(variables)
      }
    }
    for end in stride(from: 0, to: source.count, by: 7) { attempt(Array(source[..<end])) }
    let worst = Array("{}%#()[]'\"|.-+~*,:= \n".utf8)
    var random = RandomSource(seed: 7, purpose: name)
    for _ in 0..<600 {
      var bytes = source
      for _ in 0...random.below(3) {
        let place = random.below(bytes.count)
        switch random.below(3) {
        case 0: bytes.remove(at: place)
        case 1: bytes.insert(source[random.below(source.count)], at: place)
        default: bytes[place] = worst[random.below(worst.count)]
        }
      }
      attempt(bytes)
    }
  }
}
