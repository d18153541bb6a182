/*
 * What the ground floor needs from the system and Swift cannot do as well: a team of threads with a
 * meeting point, LAPACK by name, SHA-256, counter-based random bits, the monotonic clock.
 *
 * Nothing here allocates after warm-up, writes to a stream, reads the environment or touches a
 * signal handler. Arguments are trusted; the Swift file of the same topic checks them.
 */
#ifndef SVFT_SYSTEM_H
#define SVFT_SYSTEM_H

#include <stddef.h>
#include <stdint.h>

/* ---- team.c ---- */

/* One member's part of a region: `id` of `size`, and the team's meeting point for svs_meet. It is a
   Swift closure as Swift passes it, code and context apart: kept like this it is never copied to
   the heap, and a region allocates nothing. */
typedef __attribute__((swiftcall)) void (*svs_body)(intptr_t id, intptr_t size, void *meeting,
                                                    __attribute__((swift_context)) void *context);

/* Runs `body` on a team of at most `threads`, the caller being member 0, and returns when all are
   done. The team is smaller where threads are busy or cannot be had. */
__attribute__((swiftcall)) void svs_team_run(intptr_t threads, svs_body body, void *context);

/* Waits until all members of the team have come here. Writes before it are seen after it. */
void svs_meet(void *meeting);

/* Processors this process may use: its affinity mask. At least 1. */
int svs_processors(void);

/* Seconds of the monotonic clock. */
double svs_seconds(void);

/* ---- philox.c ---- */

/* Four random words from a key and a 128-bit counter (stream above, block below). */
void svs_philox(uint64_t key, uint64_t stream, uint64_t block, uint32_t out[4]);

/* A dropout mask: element i is dropped where word i of (key, stream) is below `threshold`, which is
   p * 2^32; what stays is multiplied by `scale` = 1 / (1 - p). */
struct svs_mask {
  uint64_t key, stream;
  uint32_t threshold;
  float scale;
};

/* y[i] = or += mask(first + i) * scale * x[i] for i < count. y may be x. The backward pass is the
   same call on the gradient. */
void svs_dropout(const struct svs_mask *mask, uint64_t first, size_t count, const float *x,
                 float *y, int accumulate);

/* ---- lapack.c ---- */

/* What the LAPACK on this system calls itself, or NULL where there is none. Opens it. */
const char *svs_lapack_version(void);

/* Doubles of workspace for svs_svd, or -1 where the library cannot say or it is beyond 31 bits. */
int64_t svs_svd_workspace(int64_t m, int64_t n);

/* Thin decomposition of the column-major [m, n] matrix a (destroyed): with k = min(m, n), s [k]
   descending, u [m, k] and vt [k, n] column-major. iwork holds 8 k integers. Returns LAPACK's
   info. */
int svs_svd(int64_t m, int64_t n, double *a, double *s, double *u, double *vt, double *work,
            int64_t lwork, int64_t *iwork);

/* Whether it has all that the functions below call; they may be called only then, and between
   svs_lapack_enter and svs_lapack_leave, which hold OpenBLAS to one thread per call. */
int svs_lapack_has_parts(void);
void svs_lapack_enter(void);
void svs_lapack_leave(void);

/* A factor of a product: column-major with this distance between columns, read as it is or
   transposed. */
struct svs_operand {
  const void *values;
  int64_t leading;
  int transposed;
};

/* c [m, n] = alpha a b + beta c with a [m, k], b [k, n], in float64. */
void svs_gemm(const struct svs_operand *a, const struct svs_operand *b, double *c, int64_t ldc,
              int64_t m, int64_t n, int64_t k, double alpha, double beta);

/* The symmetric a [n, n] (lower half) = Q T Q^T: T in d [n] and e [n - 1], Q as reflectors below
   the diagonal of a and in tau [n - 1]. Returns LAPACK's info. */
int svs_tridiagonalize(int64_t n, double *a, double *d, double *e, double *tau, double *work,
                       int64_t lwork);

/* Eigenvalues of T, ascending in d, and vectors z [n, n] by divide and conquer. Workspaces hold
   1 + 4 n + n^2 and 3 + 5 n at least. Returns LAPACK's info. */
int svs_tridiagonal_vectors(int64_t n, double *d, double *e, double *z, double *work, int64_t lwork,
                            int64_t *iwork, int64_t liwork);

/* The triangle t [k, k] of k reflectors v [n, k] (unit lower): H_1 ... H_k = I - v t v^T. */
void svs_reflectors(int64_t n, int64_t k, const double *v, int64_t ldv, const double *tau,
                    double *t);

/* Orthonormal columns with the span of those of a [m, n], m >= n, in their place; any orthonormal
   ones where a has fewer independent ones. tau [n]; work 32 n at least. Returns LAPACK's info. */
int svs_orthonormalize(int64_t m, int64_t n, double *a, double *tau, double *work, int64_t lwork);
/* Well-conditioned columns with the span of those of a [m, n], m >= n, in their place, a tenth of
   the time of orthonormal ones: those of P L in a = P L U. pivots [2 n]. */
void svs_condition_f32(int64_t m, int64_t n, float *a, int32_t *pivots);
int svs_orthonormalize_f32(int64_t m, int64_t n, float *a, float *tau, float *work, int64_t lwork);

/* ---- sha256.c ---- */

/* A hash in progress. `block` holds the bytes of an unfinished block of 64. */
struct svs_sha256 {
  uint32_t state[8];
  uint64_t length;
  uint8_t block[64];
};

void svs_sha256_start(struct svs_sha256 *hash);
void svs_sha256_update(struct svs_sha256 *hash, const void *bytes, size_t count);
/* Pads, and writes the 32 bytes of the result; `hash` is used up. */
void svs_sha256_finish(struct svs_sha256 *hash, uint8_t result[32]);
/* Whether this thread leaves the processor's own instructions alone. For tests. */
void svs_sha256_plainly(int on);

/* ---- jacobi.c ---- */

/* x.x, y.y and x.y of two vectors. */
void svs_products(const double *x, const double *y, size_t count, double out[3]);

/* (x, y) becomes (c x - s y, s x + c y), or the two exchanged; tau = s / (1 + c). Written with tau
   it keeps lengths over thousands of rotations (Rutishauser 1966): the largest sigma of a random
   [384, 384] is LAPACK's to 4e-16; with c and s, each rounded on its own, to 1.5e-13. */
void svs_rotate(double *x, double *y, size_t count, double sine, double tau, int exchange);

#endif
