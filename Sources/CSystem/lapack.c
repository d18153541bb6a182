/*
 * LAPACK's dgesdd and the parts of its symmetric eigensolver, found by name at the first call:
 * OpenBLAS, else any liblapack. Opened here and not linked, because OpenBLAS starts threads when it
 * loads and a host may not have it at all.
 *
 * Integers are passed in 64 bits of which a 32-bit LAPACK reads the lower half (little-endian), so
 * that both builds of it work. OpenBLAS is held to one thread while calls of ours run: the caller
 * gives each worker its own matrix or panel. Its setting is restored when the last of them leaves.
 */
#include "system.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* The last argument is the length of `job`, as Fortran compilers pass it. */
typedef void (*dgesdd)(const char *job, const int64_t *m, const int64_t *n, double *a,
                       const int64_t *lda, double *s, double *u, const int64_t *ldu, double *vt,
                       const int64_t *ldvt, double *work, const int64_t *lwork, int64_t *iwork,
                       int64_t *info, size_t job_length);

typedef void (*dgemm)(const char *ta, const char *tb, const int64_t *m, const int64_t *n,
                      const int64_t *k, const double *alpha, const double *a, const int64_t *lda,
                      const double *b, const int64_t *ldb, const double *beta, double *c,
                      const int64_t *ldc, size_t ta_length, size_t tb_length);
typedef void (*dsytrd)(const char *uplo, const int64_t *n, double *a, const int64_t *lda, double *d,
                       double *e, double *tau, double *work, const int64_t *lwork, int64_t *info,
                       size_t uplo_length);
typedef void (*dstedc)(const char *compz, const int64_t *n, double *d, double *e, double *z,
                       const int64_t *ldz, double *work, const int64_t *lwork, int64_t *iwork,
                       const int64_t *liwork, int64_t *info, size_t compz_length);
typedef void (*dlarft)(const char *direct, const char *storev, const int64_t *n, const int64_t *k,
                       const double *v, const int64_t *ldv, const double *tau, double *t,
                       const int64_t *ldt, size_t direct_length, size_t storev_length);
typedef void (*sgeqrf)(const int64_t *m, const int64_t *n, float *a, const int64_t *lda, float *tau,
                       float *work, const int64_t *lwork, int64_t *info);
typedef void (*sorgqr)(const int64_t *m, const int64_t *n, const int64_t *k, float *a,
                       const int64_t *lda, const float *tau, float *work, const int64_t *lwork,
                       int64_t *info);
typedef void (*sgetrf)(const int64_t *m, const int64_t *n, float *a, const int64_t *lda,
                       int32_t *pivots, int64_t *info);
typedef void (*dgeqrf)(const int64_t *m, const int64_t *n, double *a, const int64_t *lda,
                       double *tau, double *work, const int64_t *lwork, int64_t *info);
typedef void (*dorgqr)(const int64_t *m, const int64_t *n, const int64_t *k, double *a,
                       const int64_t *lda, const double *tau, double *work, const int64_t *lwork,
                       int64_t *info);

static struct {
  dgesdd solve;
  dgemm multiply;
  dsytrd tridiagonalize;
  dstedc decompose;
  dlarft triangle;
  dgeqrf reduce;
  dorgqr expand;
  sgeqrf reduce_f32;
  sorgqr expand_f32;
  sgetrf eliminate_f32;
  int (*get_threads)(void);
  void (*set_threads)(int);
  char version[128];
} lapack;

static pthread_once_t opened = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int calls, host_threads;

/* The library's own words about itself, cut at the first option: "OpenBLAS 0.3.21". */
static void describe(void *library) {
  char *(*config)(void) = (char *(*)(void))dlsym(library, "openblas_get_config");
  if (config) {
    snprintf(lapack.version, sizeof lapack.version, "%s", config());
    char *space = strchr(lapack.version, ' ');
    space = space ? strchr(space + 1, ' ') : NULL;
    if (space) *space = 0;
    return;
  }
  int64_t major = 0, minor = 0, patch = 0;
  void (*version)(int64_t *, int64_t *, int64_t *) =
      (void (*)(int64_t *, int64_t *, int64_t *))dlsym(library, "ilaver_");
  if (version) version(&major, &minor, &patch);
  snprintf(lapack.version, sizeof lapack.version, "LAPACK %d.%d.%d", (int)major, (int)minor,
           (int)patch);
}

static void open_library(void) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  static const char *const names[] = {"libopenblas.so.0", "liblapack.so.3", "liblapacke.so.3"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    void *library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!library) continue;
    lapack.solve = (dgesdd)dlsym(library, "dgesdd_");
    if (lapack.solve) {
      lapack.multiply = (dgemm)dlsym(library, "dgemm_");
      lapack.tridiagonalize = (dsytrd)dlsym(library, "dsytrd_");
      lapack.decompose = (dstedc)dlsym(library, "dstedc_");
      lapack.triangle = (dlarft)dlsym(library, "dlarft_");
      lapack.reduce = (dgeqrf)dlsym(library, "dgeqrf_");
      lapack.expand = (dorgqr)dlsym(library, "dorgqr_");
      lapack.reduce_f32 = (sgeqrf)dlsym(library, "sgeqrf_");
      lapack.expand_f32 = (sorgqr)dlsym(library, "sorgqr_");
      lapack.eliminate_f32 = (sgetrf)dlsym(library, "sgetrf_");
      lapack.get_threads = (int (*)(void))dlsym(library, "openblas_get_num_threads");
      lapack.set_threads = (void (*)(int))dlsym(library, "openblas_set_num_threads");
      describe(library);
      return;
    }
    dlclose(library);
  }
#endif
}

const char *svs_lapack_version(void) {
  pthread_once(&opened, open_library);
  return lapack.solve ? lapack.version : NULL;
}

int svs_lapack_has_parts(void) {
  return svs_lapack_version() && lapack.multiply && lapack.tridiagonalize &&
         lapack.decompose && lapack.triangle && lapack.reduce && lapack.expand &&
         lapack.reduce_f32 && lapack.expand_f32 && lapack.eliminate_f32;
}

/* Both changes are made under the lock, the calls between them run at the same time. */
void svs_lapack_enter(void) {
  pthread_mutex_lock(&lock);
  if (calls++ == 0 && lapack.get_threads && lapack.set_threads) {
    host_threads = lapack.get_threads();
    lapack.set_threads(1);
  }
  pthread_mutex_unlock(&lock);
}

void svs_lapack_leave(void) {
  pthread_mutex_lock(&lock);
  if (--calls == 0 && lapack.get_threads && lapack.set_threads) lapack.set_threads(host_threads);
  pthread_mutex_unlock(&lock);
}

int64_t svs_svd_workspace(int64_t m, int64_t n) {
  int64_t least = m < n ? m : n, query = -1, info = 0, ignored[8] = {0};
  double a = 0, s = 0, u = 0, vt = 0, size = 0;
  if (!svs_lapack_version()) return -1;
  svs_lapack_enter();
  lapack.solve("S", &m, &n, &a, &m, &s, &u, &m, &vt, &least, &size, &query, ignored, &info, 1);
  svs_lapack_leave();
  /* What the documentation of LAPACK 3.11 asks for, and what that of 3.1 asked for. */
  int64_t most = m < n ? n : m, documented = 4 * least * least + 7 * least;
  int64_t earlier = 3 * least + (most > documented ? most : documented);
  if ((int32_t)info != 0 || !(size >= 0 && size < 2147483648.0)) return -1;
  return (int64_t)size > earlier ? (int64_t)size : earlier;
}

int svs_svd(int64_t m, int64_t n, double *a, double *s, double *u, double *vt, double *work,
            int64_t lwork, int64_t *iwork) {
  int64_t least = m < n ? m : n, info = 0;
  svs_lapack_enter();
  lapack.solve("S", &m, &n, a, &m, s, u, &m, vt, &least, work, &lwork, iwork, &info, 1);
  svs_lapack_leave();
  return (int32_t)info;
}

void svs_gemm(const struct svs_operand *a, const struct svs_operand *b, double *c, int64_t ldc,
              int64_t m, int64_t n, int64_t k, double alpha, double beta) {
  lapack.multiply(a->transposed ? "T" : "N", b->transposed ? "T" : "N", &m, &n, &k, &alpha,
                  a->values, &a->leading, b->values, &b->leading, &beta, c, &ldc, 1, 1);
}

int svs_tridiagonalize(int64_t n, double *a, double *d, double *e, double *tau, double *work,
                       int64_t lwork) {
  int64_t info = 0;
  lapack.tridiagonalize("L", &n, a, &n, d, e, tau, work, &lwork, &info, 1);
  return (int32_t)info;
}

int svs_tridiagonal_vectors(int64_t n, double *d, double *e, double *z, double *work, int64_t lwork,
                            int64_t *iwork, int64_t liwork) {
  int64_t info = 0;
  lapack.decompose("I", &n, d, e, z, &n, work, &lwork, iwork, &liwork, &info, 1);
  return (int32_t)info;
}

void svs_reflectors(int64_t n, int64_t k, const double *v, int64_t ldv, const double *tau,
                    double *t) {
  lapack.triangle("F", "C", &n, &k, v, &ldv, tau, t, &k, 1, 1);
}

int svs_orthonormalize(int64_t m, int64_t n, double *a, double *tau, double *work, int64_t lwork) {
  int64_t info = 0;
  lapack.reduce(&m, &n, a, &m, tau, work, &lwork, &info);
  if ((int32_t)info == 0) lapack.expand(&m, &n, &n, a, &m, tau, work, &lwork, &info);
  return (int32_t)info;
}

int svs_orthonormalize_f32(int64_t m, int64_t n, float *a, float *tau, float *work, int64_t lwork) {
  int64_t info = 0;
  lapack.reduce_f32(&m, &n, a, &m, tau, work, &lwork, &info);
  if ((int32_t)info == 0) lapack.expand_f32(&m, &n, &n, a, &m, tau, work, &lwork, &info);
  return (int32_t)info;
}

/* Pivots are 32-bit integers or, in a LAPACK of 64-bit ones, pairs whose lower half counts. */
static int64_t pivot(const int32_t *pivots, int64_t index, int is_wide) {
  return pivots[is_wide ? 2 * index : index] - 1;
}

void svs_condition_f32(int64_t m, int64_t n, float *a, int32_t *pivots) {
  int64_t info = 0;
  memset(pivots, 0, sizeof *pivots * 2 * (size_t)n);
  lapack.eliminate_f32(&m, &n, a, &m, pivots, &info);
  /* The second pivot is at least 2: a zero in its place is the upper half of the first. */
  int is_wide = n > 1 && pivots[1] == 0;
  for (int64_t j = 0; j < n; j++) {
    memset(a + j * m, 0, sizeof *a * (size_t)j);
    a[j * m + j] = 1;
  }
  for (int64_t j = 0; j < n; j++)
    for (int64_t i = n - 1; i >= 0; i--) {
      int64_t other = pivot(pivots, i, is_wide);
      float kept = a[j * m + i];
      a[j * m + i] = a[j * m + other];
      a[j * m + other] = kept;
    }
}
