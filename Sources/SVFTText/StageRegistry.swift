// How the four lists of stages in tokenizer.json (normalizer, pre_tokenizer, post_processor,
// decoder) become code: one table from type name to maker per list. "Sequence" and null are
// understood here for all of them; a name that is in no table is refused by name, never skipped.
import SVFTFormats
import SVFTTensor

/// Makes stages from one JSON object.
typealias StageMaker<Stage> = @Sendable (JSON.Object) throws(SVFTError) -> [Stage]

/// The makers of one kind of stage, by the type name in tokenizer.json.
typealias StageRegistry<Stage> = [String: StageMaker<Stage>]

extension Dictionary {
  /// The stages under `key` of the file, in order; none for null or a missing key.
  func stages<Stage>(
    _ key: String, of file: JSON.Object, members: String
  ) throws(SVFTError) -> [Stage] where Key == String, Value == StageMaker<Stage> {
    file.has(key) ? try stages(file.object(key), members: members) : []
  }

  /// The stages of one object.
  ///
  /// Sequences may nest as far as JSON may.
  private func stages<Stage>(
    _ object: JSON.Object, members: String
  ) throws(SVFTError) -> [Stage] where Key == String, Value == StageMaker<Stage> {
    let type = try object.string("type")
    if type == "Sequence" {
      var result: [Stage] = []
      for member in try object.objects(members) {
        result += try stages(member, members: members)
      }
      return result
    }
    guard let make = self[type] else {
      let known = keys.sorted().joined(separator: ", ")
      throw SVFTError(
        .unsupported, "\(object.place("type")): \(type) is not known; known are \(known)")
    }
    return try make(object)
  }
}
