// DeiT (Touvron et al. 2020, arXiv:2012.12877): ViT with a second learned row, trained to say what
// a teacher says. A checkpoint with the teacher's head gives the mean of both classifiers.

/// The family of DeiT.
package enum DeiT: VisionFamily {
  package static let names = ["deit"]
  package static let className = "DeiT"
  package static let prefix = "deit."
  package static let specials = ["cls_token", "distillation_token"]
  package static let pairedHead: (first: String, second: String, className: String)? = (
    "cls_classifier", "distillation_classifier", "DeiTForImageClassificationWithTeacher"
  )
}
