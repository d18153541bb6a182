// What users of this module see of the floors beneath: the one error type.
@_exported public import struct SVFTTensor.SVFTError
