// What a path holds is recognised, or said; what holds nothing is refused.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct DeltaSourceTests {
  @Test func everyKindIsRecognised() throws {
    let tiny = try TinyVerbs()
    let adapter = try tiny.model().createAdapter(#"{"method":"lora","r":2,"targets":["q_proj"]}"#)
    try trainBriefly(adapter, try tiny.data())
    try adapter.save(to: tiny.folder.file("saved"))
    _ = try adapter.export(to: tiny.folder.file("x.gguf"), options: #"{"to":"gguf-lora"}"#)
    _ = try adapter.export(to: tiny.folder.file("x.safetensors"), options: #"{"to":"delta"}"#)
    _ = try adapter.model.save(to: tiny.folder.file("merged"))
    _ = try adapter.model.save(to: tiny.folder.file("merged.gguf"))
    let model = try tiny.model()
    for (path, kind) in [
      ("saved", "adapter"), ("x.gguf", "gguf-lora"), ("x.safetensors", "delta"),
      ("merged", "model"), ("merged.gguf", "model"),
    ] {
      for options in [#"{"method":"lora"}"#, "{\"method\":\"lora\",\"from\":\"\(kind)\"}"] {
        let (made, text) = try model.importAdapter(
          from: tiny.folder.file(path), options: options)
        let report = try JSON.parse(text).root("report")
        #expect(try report.string("from") == kind && report.double("captured") > 1 - 1e-5)
        try made.detach()
      }
    }
  }

  @Test func nothingAndSomethingElseAreRefused() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    try tiny.folder.write("text.safetensors", "not at all a file of tensors")
    try FileManager.default.createDirectory(
      atPath: tiny.folder.file("empty"), withIntermediateDirectories: false)
    for (path, kinds) in [
      ("missing", [SVFTError.Kind.io]), ("text.safetensors", [.format]), ("empty", [.io]),
    ] {
      let failure = #expect(throws: SVFTError.self) {
        try model.importAdapter(from: tiny.folder.file(path))
      }
      #expect(kinds.contains(failure?.kind ?? .internal))
      #expect(failure?.message.contains(path) == true)
    }
    let other = #expect(throws: SVFTError.self) {
      try model.importAdapter(from: tiny.folder.file("model"), options: #"{"from":"gguf-lora"}"#)
    }
    #expect(other?.kind == .io || other?.kind == .format)
  }
}
