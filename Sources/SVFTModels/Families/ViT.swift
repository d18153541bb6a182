// ViT (Dosovitskiy et al. 2020, arXiv:2010.11929): one learned row before the patches, which the
// classifier reads.

/// The family of ViT.
package enum ViT: VisionFamily {
  package static let names = ["vit"]
  package static let className = "ViT"
  package static let prefix = "vit."
  package static let specials = ["cls_token"]
}
