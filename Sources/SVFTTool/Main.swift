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
      Inspect.self, Quantize.self, Factor.self, Train.self, Evaluate.self, Generate.self,
      Encode.self, Classify.self, Merge.self, Export.self, Bench.self, Plot.self, Demo.self,
    ])

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
