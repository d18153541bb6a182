// What people and scripts see: exit codes, numbers, and colours on terminals only.
import Foundation
import SVFT
import SVFTTool
import TestKit
import Testing

@Suite struct ConsoleTests {
  @Test func exitCodesAreTheDocumentedOnes() {
    let codes = SVFTError.Kind.allCases.reduce(into: [:]) { $0[$1] = Console.exitCode($1) }
    #expect(
      codes == [
        .invalidArgument: 2, .io: 3, .format: 3, .truncated: 3, .unsupported: 3, .shape: 3,
        .mismatch: 3, .data: 3, .limit: 4, .memory: 4, .noSpace: 4, .busy: 1, .state: 1,
        .cancelled: 130, .nonFinite: 1, .internal: 1,
      ])
  }

  @Test(arguments: [
    (0.2, "0 s"), (59.4, "59 s"), (60, "1 min 0 s"), (3599, "59 min 59 s"), (3600, "1 h 0 min"),
    (90_000, "25 h 0 min"), (.infinity, "–"), (.nan, "–"),
  ]) func timesAreReadable(_ seconds: Double, _ text: String) {
    #expect(Console.duration(seconds) == text)
  }

  @Test func numbersHaveTheirPlaces() {
    #expect(Console.number(1.23456, 3) == "1.235")
    #expect(Console.number(-0.5, 0) == "-0")
  }

  /// What a failing run writes to a terminal.
  private func failure(_ environment: [String: String]) throws -> String {
    let controller = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK)
    try #require(controller >= 0)
    defer { close(controller) }
    var (locked, number): (Int32, Int32) = (0, 0)
    let (unlock, name): (UInt, UInt) = (0x4004_5431, 0x8004_5430)  // TIOCSPTLCK, TIOCGPTN
    try #require(
      ioctl(controller, unlock, &locked) == 0 && ioctl(controller, name, &number) == 0)
    let terminal = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
    try #require(terminal >= 0)
    let run = try ToolRun(
      ["inspect", "nowhere"], in: TemporaryFolder(), environment: environment,
      errors: FileHandle(fileDescriptor: terminal, closeOnDealloc: true))
    #expect(run.status == 3)
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(controller, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }

  @Test func coloursAreForTerminalsThatWantThem() throws {
    #expect(try failure([:]).contains("\u{1B}[31merror:"))
    let plain = try failure(["NO_COLOR": "1"])
    #expect(plain.contains("error: nowhere") && !plain.contains("\u{1B}[31m"))
    let elsewhere = try ToolRun.failure(["inspect", "nowhere"], 3, in: TemporaryFolder())
    #expect(!elsewhere.contains("\u{1B}") && !elsewhere.contains("\r"))
  }
}
