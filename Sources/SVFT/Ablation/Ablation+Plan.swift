// The groups of an ablation and the size of the adapter on each, so that all train as many numbers
// as can be. Unless told, that is what the method's small adapter has on all modules of the groups
// together (for svft one number per direction: the plain pattern), or the nearest number to it that
// each of them can have.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor

extension Ablation {
  /// What an ablation does.
  struct Plan {
    /// The number that all adapters are as near to as their method can.
    let budget: Int
    let entries: [Ablation.Log.Entry]

    /// Throws `.mismatch` for modules that are not there, `.invalidArgument` for a budget that a
    /// group cannot have, `.unsupported` for a method without a size.
    init(_ request: Ablation.Request, _ sites: ModelSites) throws(SVFTError) {
      let groups = try Self.groups(request.groups, sites)
      let adapter = try AdapterOptions(.object(request.adapter))
      let method = try adapter.method()
      func size(_ modules: [Projection]) throws(SVFTError) -> AdapterSize {
        if let size = try method.size(adapter, on: modules) { return size }
        throw SVFTError(
          .unsupported,
          "expected a method that can train as many numbers on any modules, such as svft or lora, "
            + "found \(method.name)")
      }
      var sizes: [AdapterSize] = []
      for group in groups { sizes.append(try size(sites.projections(.ends(group.modules)))) }
      let all = try size(sites.projections(.ends(groups.flatMap(\.modules))))
      let least = sizes.map(\.counts.lowerBound).max() ?? 0
      let most = sizes.map(\.counts.upperBound).min() ?? 0
      budget = request.budget ?? max(least, min(all.small, most))
      var entries: [Ablation.Log.Entry] = []
      for (group, size) in zip(groups, sizes) {
        guard size.counts.contains(budget) else {
          throw SVFTError(
            .invalidArgument,
            "budget: expected \(size.counts.lowerBound) to \(size.counts.upperBound) numbers, "
              + "which is what \(method.name) can train on \(group.name), found \(budget)")
        }
        entries.append(Ablation.Log.Entry(group, size.options(at: size.nearest(to: budget))))
      }
      self.entries = entries
    }

    /// The groups meant; without any, all that the model has.
    private static func groups(
      _ texts: [String], _ sites: ModelSites
    ) throws(SVFTError) -> [ModuleGroup] {
      let known = ModuleKinds(try sites.projections(.allLinear).map(\.name))
      guard !texts.isEmpty else { return known.groups }
      var groups: [ModuleGroup] = []
      for text in texts {
        var wanted: Set<String> = []
        for name in text.split(separator: ",").map({ String($0.trimmed) }) {
          if let group = known.groups.first(where: { $0.name == name }) {
            wanted.formUnion(group.modules)
          } else {
            wanted.formUnion(try sites.projections(.ends([name])).map(\.name))
          }
        }
        let modules = sites.projections.map(\.name).filter(wanted.contains)
        guard !modules.isEmpty, !groups.contains(where: { $0.name == text }) else {
          throw SVFTError(
            .invalidArgument,
            "groups: expected names of modules, each group once, found \(text.debugDescription)")
        }
        groups.append(ModuleGroup(name: text, modules: modules))
      }
      return groups
    }
  }
}

extension Substring {
  /// Without spaces at both ends.
  fileprivate var trimmed: Substring {
    var rest = self
    while rest.first == " " { rest.removeFirst() }
    while rest.last == " " { rest.removeLast() }
    return rest
  }
}
