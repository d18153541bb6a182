// How the members of a team share out a product with a matrix.
//
//   many rows   y[t, r] of all tokens t, and a run of chunks of rows r for each member
//   few rows    y[t, r] of all rows r, and a run of tiles of tokens t for each member
//
// A matrix of low rank has one chunk of rows or columns: shared out by chunks, one member would
// compute the whole product and the others wait. Neither cut changes a bit of any number.
package import SVFTTensor

extension Weight {
  /// What one member computes of y [tokens, outputs].
  package struct Part {
    package let tokens: Range<Int>
    package let outputs: Range<Int>
  }

  /// Of a product, y = W x for some tokens.
  package func part(of team: Team, tokens: Range<Int>) -> Part {
    Weight.byTokens(team, tokens: tokens, chunks: rowChunks, outputs: rows)
      ?? Part(tokens: tokens, outputs: rows(of: team))
  }

  /// Of a transposed product, dx = Wᵀ g for some tokens.
  package func transposedPart(of team: Team, tokens: Range<Int>) -> Part {
    Weight.byTokens(team, tokens: tokens, chunks: columnChunks, outputs: columns)
      ?? Part(tokens: tokens, outputs: columns(of: team))
  }

  /// Of the gradient of W, an outer product of g and x.
  package func gradientPart(of team: Team) -> (rows: Range<Int>, columns: Range<Int>) {
    Weight.isFew(rowChunks, for: team)
      ? (0..<rows, columns(of: team)) : (rows(of: team), 0..<columns)
  }

  /// Tokens of one tile of the kernels, and the fewest that a member is given: kernels treat
  /// products of fewer differently.
  private static let tile = 12, fewest = 72

  /// With two chunks for each member, one more for some is half as much work again.
  private static func isFew(_ chunks: Int, for team: Team) -> Bool { chunks < 2 * team.size }

  private static func byTokens(
    _ team: Team, tokens: Range<Int>, chunks: Int, outputs: Int
  ) -> Part? {
    guard team.size > 1, isFew(chunks, for: team), tokens.count >= fewest * team.size else {
      return nil
    }
    let tiles = team.span(of: tokens.count / tile)
    let last = team.id == team.size - 1 ? tokens.count : tiles.upperBound * tile
    return Part(
      tokens: tokens.lowerBound + tiles.lowerBound * tile..<tokens.lowerBound + last,
      outputs: 0..<outputs)
  }
}
