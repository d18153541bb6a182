// The sheet that charts are drawn on: white, with a title, a frame, lines at the ticks of its axes
// and texts, as SVG.

extension Chart {
  /// An SVG document in the making; positions are (x, y) from the upper left corner.
  struct Sheet {
    /// Where a text stands with respect to its position.
    enum Anchor: String { case start, middle, end }

    private static let width = 760.0
    private static let height = 440.0
    /// The frame that values are drawn in.
    let left = 70.0
    let right = 740.0
    let top = 46.0
    let bottom: Double
    private var parts: [String] = []

    /// An empty sheet with room for texts below the frame.
    init(_ title: String, below: Double = 52) {
      bottom = Self.height - below
      add(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"760\" height=\"440\" "
          + "viewBox=\"0 0 760 440\" font-family=\"sans-serif\" font-size=\"13\">")
      add("<rect width=\"760\" height=\"440\" fill=\"#ffffff\"/>")
      add(text: title, at: (left, 26), .start, "font-size=\"17\"")
    }

    /// The document.
    var svg: String { (parts + ["</svg>\n"]).joined(separator: "\n") }

    /// Adds an element as it is.
    mutating func add(_ element: String) { parts.append(element) }

    /// Adds a text with further attributes.
    mutating func add(
      text: String, at place: (x: Double, y: Double), _ anchor: Anchor, _ attributes: String = ""
    ) {
      add(
        "<text x=\"\(place.x)\" y=\"\(place.y)\" text-anchor=\"\(anchor)\" \(attributes)>"
          + "\(Self.escaped(text))</text>")
    }

    /// Adds the label of the left side.
    mutating func add(sideways text: String) {
      add(
        "<text transform=\"translate(18 \((top + bottom) / 2)) rotate(-90)\" "
          + "text-anchor=\"middle\">\(Self.escaped(text))</text>")
    }

    /// Adds the ticks of an axis along the lower side.
    mutating func add(vertical axis: Axis) {
      for tick in axis.ticks {
        let at = across(tick, axis)
        add("<path d=\"M\(at) \(top)V\(bottom)\" stroke=\"#e4e4e4\"/>")
        add(text: axis.label(tick), at: (at, bottom + 18), .middle)
      }
    }

    /// Adds the ticks of an axis along the left side.
    mutating func add(horizontal axis: Axis) {
      for tick in axis.ticks {
        let at = down(tick, axis)
        add("<path d=\"M\(left) \(at)H\(right)\" stroke=\"#e4e4e4\"/>")
        add(text: axis.label(tick), at: (left - 8, at + 4), .end)
      }
    }

    /// How far from the left a value is, in tenths.
    func across(_ value: Double, _ axis: Axis) -> Double {
      Self.rounded(left + axis.share(value) * (right - left))
    }

    /// How far from the top a value is, in tenths.
    func down(_ value: Double, _ axis: Axis) -> Double {
      Self.rounded(bottom - axis.share(value) * (bottom - top))
    }

    static func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }

    private static func escaped(_ text: String) -> String {
      text.reduce(into: "") { result, character in
        switch character {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        // XML has no way to write most control characters.
        default:
          result += character.unicodeScalars.allSatisfy { $0.value >= 32 } ? "\(character)" : " "
        }
      }
    }
  }
}
