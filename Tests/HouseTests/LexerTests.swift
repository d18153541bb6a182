// The lexer where it could go wrong: nested comments, raw and long strings, interpolations, C.
import Testing

@Suite struct LexerTests {
  @Test(arguments: [
    ("a /* b /* c */ d */ e", ["a", "e"]),
    ("a // b\nc", ["a", "c"]),
    ("x(\"a \\(b(\"c\")) d\") y", ["x", "(", "a ", "(", "b", "(", "c", ")", ")", ")", "y"]),
    ("#\"a\"b\\(c)\"# d", ["a\"b\\(c)", "d"]),
    ("\"\"\"\n a \"b\" \n\"\"\" c", ["\n a \"b\" \n", "c"]),
    ("#if DEBUG\nlet a", ["#", "if", "DEBUG", "let", "a"]),
    ("\"unclosed\nb", ["unclosed", "b"]),
  ])
  func swiftIsRead(_ text: String, _ expected: [String]) {
    #expect(SourceFile("a.swift", text).code.map(\.text) == expected)
  }

  @Test func cIsReadWithoutDirectives() {
    let file = SourceFile("a.c", "#define A \\\n { b\nint c = '\"'; /* d /* */ e")
    #expect(file.code.map(\.text) == ["int", "c", "=", "\"", ";", "e"])
  }

  @Test func pythonCommentsAndStringsAreKnown() {
    let file = SourceFile("a.py", "'''x # y''' # z\nb")
    #expect(file.code.map(\.text) == ["x # y", "b"])
  }

  @Test func linesAreCounted() {
    let file = SourceFile("a.swift", "/* a\n*/ b\n\"\"\"\nc\n\"\"\" d")
    #expect(file.tokens.map(\.line) == [1, 2, 3, 5])
  }

  @Test func functionsAreMeasuredFromSignatureToBrace() {
    let text =
      "struct A {\n  init?(\n    _ a: Int\n  ) {\n  }\n  var b: Int { 1 }\n  var c = d { e }\n}"
    let spans = FunctionSpan.all(in: SourceFile("a.swift", text))
    #expect(spans.map(\.lines) == [4, 1])
    let c = "static int f(int a)\n{\n  if (a) { }\n}\nstruct s { int a; };\nint g(void);\n"
    #expect(FunctionSpan.all(in: SourceFile("a.c", c)).map(\.lines) == [4])
  }
}
