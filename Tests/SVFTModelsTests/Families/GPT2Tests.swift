// GPT-2: transposed folders, and a trained model with its author's activations.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("GPT2")
struct GPT2Tests {
  @Test("Linear modules are [rows, columns] whichever way the folder has them")
  func transposed() throws {
    let model = try FamilyVariant("gpt2-untied").load()
    let up = try #require(model.projections.first { $0.name.hasSuffix("c_fc") })
    #expect(up.rows == 96 && up.columns == 32 && up.weight.isTransposedInFolders)
    #expect(model.architecture.slots.filter(\.isTransposedInFolders).count == 8)
    #expect(throws: SVFTError.self) { try FamilyVariant("gpt2-untied").metadata() }
  }

  @Test(
    "A trained model sorts: logits of its author, and all inputs",
    .enabled(if: SharedData.isPresent, "needs shared data"))
  func sorts() throws {
    let model = try Checkpoint(SharedData.path("gpt-nano-sort/hf")).load()
    #expect(model.unused == [])
    let probe = try ModelProbe(model, .languageModel, rows: 16)
    let inputs = try NpyFile(SharedData.path("gpt-nano-sort/golden/idx.npy"))
    let golden = try NpyFile(SharedData.path("gpt-nano-sort/golden/logits.npy"))
    let ids = try inputs.values(Int32.self)
    let length = try #require(inputs.shape.last)
    let expected = try golden.values(Float.self)
    var place = 0
    for start in stride(from: 0, to: ids.count, by: length) {
      let found = try probe([Array(ids[start..<start + length])]).flatMap { $0 }
      #expect(relative(found, Array(expected[place..<place + found.count])) < 1e-4)
      place += found.count
    }
    for number in 0..<729 {
      var text = (0..<6).map { Int32(number / Self.powers[$0] % 3) }
      let sorted = text.sorted()
      for _ in 0..<6 {
        let last = try #require(try probe([text]).last)
        text.append(Int32(try #require(last.indices.max { last[$0] < last[$1] })))
      }
      #expect(Array(text[6...]) == sorted)
    }
  }

  private static let powers = [1, 3, 9, 27, 81, 243]
}
