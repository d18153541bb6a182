// What a folder holds in four bits: matrices of a folder that bitsandbytes quantised go back byte
// for byte where nothing has changed them, others are written in its layout; config.json says so,
// and names the linear modules that are not quantised.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor

extension ModelSaver {
  /// The tensors that the model's own folder has for a matrix of four bits, where it is saved as it
  /// was; nil elsewhere.
  func copies(of merged: MergedTensor, as name: String) throws(SVFTError) -> [OutgoingTensor]? {
    let slot = merged.slot
    guard !isGGUF, !merged.isChanged, merged.format.name == slot.weight.format.name,
      let source = model.loaded.checkpoint.source as? BitsAndBytes
    else { return nil }
    let names = type(of: model.network.architecture).tensorNames
    for spelling in names.spellings(slot.name, .huggingFace)
    where source.entry(spelling)?.type.name == slot.weight.format.name {
      return try source.copies(of: spelling, as: name)
    }
    return nil
  }

  /// The type of numbers that are not quantised.
  var elementType: StoredType {
    let formats = model.loaded.storedSlots.lazy.filter { $0.shape.count > 1 }.map(format(of:))
    let format = formats.first { $0.safetensorsType != nil } ?? ElementFormats.f16
    return (try? StoredType(format)) ?? StoredType.all[0]
  }

  /// config.json with what it says of quantisation.
  func withFourBits(_ config: JSON.Object) throws(SVFTError) -> JSON.Object {
    let key = "quantization_config"
    let (whole, others) = fourBits()
    let kept = config.members.filter { $0.0 != key }.map { (key: $0.0, value: $0.1) }
    var result = JSON.Object(kept)
    if whole, config.has(key) {
      result[key] = config[key]
    } else if let others {
      result[key] = BitsAndBytesWriter.configuration(elementType, skipped: others)
    }
    return result
  }

  /// Whether every matrix of four bits that the folder had is one still and there are no others;
  /// and the linear modules in no such matrix, nil where there is none.
  private func fourBits() -> (isAsBefore: Bool, others: [String]?) {
    let source = model.loaded.checkpoint.source as? BitsAndBytes
    let names = type(of: model.network.architecture).tensorNames
    var (isAsBefore, others, count) = (source != nil, [String](), 0)
    for projection in model.network.projections {
      let slot = projection.weight
      let spelling = names.spellings(slot.name, .huggingFace).first {
        source?.liesAsMultiplied($0) ?? false
      }
      let isOne = BitsAndBytesWriter.holds(format(of: slot).name) || isCopied(slot, spelling)
      isAsBefore = isAsBefore && isOne == (spelling != nil)
      count += isOne ? 1 : 0
      if !isOne { others.append(projection.name) }
    }
    return (isAsBefore, count > 0 ? others : nil)
  }

  private func isCopied(_ slot: Slot, _ spelling: String?) -> Bool {
    let source = model.loaded.checkpoint.source as? BitsAndBytes
    guard let entry = spelling.flatMap({ source?.entry($0) }) else { return false }
    return entry.type.name == slot.weight.format.name && format(of: slot).name == entry.type.name
  }
}
