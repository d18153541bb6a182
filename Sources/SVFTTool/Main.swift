// The command line: one file per command, listed here. Each command parses its arguments, calls one
// function of the Swift API and prints the result; stdout carries results only, stderr progress and
// notes.
import ArgumentParser
import Foundation
import SVFT

@main
struct Tool: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "svft",
    abstract: "Run and fine-tune transformers on the CPU, with SVFT adapters.",
    discussion: """
      Exit codes: 0 done, 1 run-time error, 2 usage, 3 bad input file, 4 memory or limit, \
      130 interrupted (a checkpoint is written first).
      """,
    version: Release.version,
    subcommands: [
      Inspect.self, Quantize.self, Factor.self, Train.self, Ablate.self, Evaluate.self,
      Generate.self, Encode.self, Classify.self, Merge.self, Export.self, Import.self, Sum.self,
      Estimate.self, Bench.self, Plot.self, Demo.self,
    ])

  /// The long flags of a command, as its help has them: without dashes, in order.
  static func longFlags(of name: String) -> [String] {
    let command = configuration.subcommands.first {
      ($0.configuration.commandName ?? "\($0)".lowercased()) == name
    }
    guard let command else { return [] }
    return helpMessage(for: command, columns: 1000).split(separator: "\n").flatMap { line in
      let words = line.split { " ,".contains($0) }
      return words.prefix { $0.hasPrefix("-") }.filter { $0.hasPrefix("--") }
    }.map { String($0.dropFirst(2)) }.filter { $0 != "help" && $0 != "version" }
  }

  static func main() {
    Console.installLog()
    Interrupt.watch()
    do {
      var command = try parseAsRoot(
        ConfigurationFile.expand(Array(CommandLine.arguments.dropFirst())))
      try command.run()
    } catch let error as SVFTError {
      Console.fail(error)
    } catch {
      let code = exitCode(for: error)
      let text = fullMessage(for: error)
      if code == .success { print(text) } else { Console.note(text) }
      Foundation.exit(code == .success ? 0 : 2)
    }
  }
}
