// Labelled pictures as data, in the shapes people have:
//
//   folder/class/….png               each folder a class, files by their usual endings
//   folder/train/class/…             beside it valid, validation or val with the same classes
//   ….csv                            a header with "image" (or "file_name") and "label", then rows
//   ….jsonl                          {"image", "label"} a line
//   folder/train.csv, train.jsonl    beside it valid.csv, valid.jsonl
//
// Pictures of a table lie relative to it. Only names are read here: a picture is opened when it is
// looked at. Classes of folders are numbered in the order of their names.
import SVFTFormats
import SVFTImages
package import SVFTTensor

/// Turns folders and tables of labelled pictures into examples.
package struct ImageRecords: ExampleSource {
  /// Rows that the model makes of a picture.
  private let rows: Int
  /// Outputs of the class head that the model has.
  private let outputs: Int

  package init(rows: Int, outputs: Int) {
    self.rows = rows
    self.outputs = outputs
  }

  private static let heldNames = ["valid", "validation", "val"]
  private static let tables = ["csv", "jsonl"]

  package func files(_ path: String) throws(SVFTError) -> DataFiles {
    guard try FileSystem.isFolder(path) else { return DataFiles(train: path) }
    func part(_ name: String) throws(SVFTError) -> String? {
      if let table = try Self.table(name, in: path) { return table }
      let folder = FileSystem.join(path, name)
      return try FileSystem.isFolder(folder) ? folder : nil
    }
    // Classes may be called "train" too: then others beside it are no parts.
    let isTable = try Self.table("train", in: path) != nil
    let areParts = try Self.folders(path).allSatisfy((Self.heldNames + ["train", "test"]).contains)
    guard isTable || areParts, let train = try part("train") else { return DataFiles(train: path) }
    for name in Self.heldNames {
      if let held = try part(name) { return DataFiles(train: train, valid: held) }
    }
    return DataFiles(train: train)
  }

  /// A table of that name in a folder.
  private static func table(_ name: String, in folder: String) throws(SVFTError) -> String? {
    for ending in tables {
      let path = FileSystem.join(folder, "\(name).\(ending)")
      if try FileSystem.isFile(path) { return path }
    }
    return nil
  }

  package func dataset(file path: String, like other: Task?) throws(SVFTError) -> Dataset {
    let examples: [Example]
    if try FileSystem.isFolder(path) {
      examples = try pictures(inFolder: path)
    } else if path.lowercased().hasSuffix(".csv") {
      examples = try pictures(inTable: path)
    } else {
      examples = try pictures(inRecords: path)
    }
    let (task, classes) = try during(path) { () throws(SVFTError) in
      try Labels.task(of: examples, outputs: outputs, like: other)
    }
    var dataset = Dataset(
      examples: examples, task: task, classes: classes, dropped: 0, isRunningText: false)
    dataset.path = path
    return dataset
  }

  /// The folders in a folder, hidden ones left out.
  private static func folders(_ path: String) throws(SVFTError) -> [String] {
    var names: [String] = []
    for name in try FileSystem.list(path) where !name.hasPrefix(".") {
      if try FileSystem.isFolder(FileSystem.join(path, name)) { names.append(name) }
    }
    return names
  }

  private func pictures(inFolder path: String) throws(SVFTError) -> [Example] {
    var examples: [Example] = []
    for name in try Self.folders(path) {
      let folder = FileSystem.join(path, name)
      let before = examples.count
      var others: [String] = []
      for file in try FileSystem.list(folder) where !file.hasPrefix(".") {
        guard ImageFormats.areNamed(file) else {
          others.append(file)
          continue
        }
        examples.append(try example(file, in: folder, .name(name)))
      }
      if let first = others.min() {
        Log.warn(
          "\(folder): of this class \(others.count) files or folders are left out, the first "
            + "\(first): their names end in none of \(ImageFormats.endings)")
      }
      guard examples.count > before else {
        throw SVFTError(
          .data, "\(folder): expected pictures of the class \(name) in this folder, found none")
      }
    }
    guard !examples.isEmpty else {
      throw SVFTError(
        .data,
        "\(path): expected a folder of pictures for each class, or a table train.csv or "
          + "train.jsonl, found neither")
    }
    return examples
  }

  private func pictures(inTable path: String) throws(SVFTError) -> [Example] {
    let rows = try CommaSeparated.read(path)
    let header = rows[0].fields
    func column(_ names: [String]) throws(SVFTError) -> Int {
      if let place = header.firstIndex(where: names.contains) { return place }
      throw SVFTError(
        .data,
        "\(path), line 1: expected a column \(names[0]), found "
          + header.prefix(8).joined(separator: ", "))
    }
    let (image, label) = (try column(["image", "file_name"]), try column(["label"]))
    var examples: [Example] = []
    for row in rows.dropFirst() {
      try examples.append(
        listed(row.fields[image], Self.label(row.fields[label]), path, line: row.line))
    }
    return try requireSome(examples, path)
  }

  private func pictures(inRecords path: String) throws(SVFTError) -> [Example] {
    guard case .records(let records) = try DataContents(file: path) else {
      throw SVFTError(
        .data, "\(path): expected a folder or a table of pictures, found a running text")
    }
    var examples: [Example] = []
    for (line, record) in records {
      guard case .picture(let name, let label) = record else {
        throw SVFTError(
          .data,
          "\(path), line \(line): expected {\"image\",\"label\"} for a model of images, found "
            + record.shape.rawValue)
      }
      examples.append(try listed(name, label, path, line: line))
    }
    return examples
  }

  /// A picture that a line of a table names. Throws `.data` where there is none.
  private func listed(
    _ name: String, _ label: DataRecord.Label, _ path: String, line: Int
  ) throws(SVFTError) -> Example {
    do throws(SVFTError) {
      var example = try example(name, in: FileSystem.parent(path), label)
      if case .image(.file(let file), _) = example.input, try !FileSystem.isFile(file) {
        throw SVFTError(.data, "image: expected a file, found none at \(file)")
      }
      example.line = line
      return example
    } catch {
      throw SVFTError(.data, "\(path), line \(line): \(error.message)")
    }
  }

  private func example(
    _ name: String, in folder: String?, _ label: DataRecord.Label
  ) throws(SVFTError) -> Example {
    try Labels.check(label, outputs: outputs)
    return Example(.image(try ImageSource(name, in: folder), rows: rows), label: label)
  }

  /// A field of a table: a whole number, another number, or a name.
  private static func label(_ field: String) -> DataRecord.Label {
    if let number = Int(field) { return .integer(number) }
    if let number = Double(field), Float(number).isFinite { return .number(number) }
    return .name(field)
  }

  private func requireSome(_ examples: [Example], _ path: String) throws(SVFTError) -> [Example] {
    guard !examples.isEmpty else {
      throw SVFTError(.data, "\(path): expected rows of pictures beneath the header, found none")
    }
    return examples
  }
}
