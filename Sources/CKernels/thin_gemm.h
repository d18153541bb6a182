/* Products in F32 of which one side is thin. */
#ifndef SVK_THIN_GEMM_H
#define SVK_THIN_GEMM_H

#include "gemm.h"

/* C (+)= alpha A B as svk_gemm gives it, bit for bit, or 0 where this is no product for it. Scratch
 * as svk_gemm. */
int svk_thin_gemm(int64_t m, int64_t n, int64_t k, svk_matrix a, svk_panel_source b, float *c,
                  int64_t ldc, svk_update update, float *scratch);

#endif
