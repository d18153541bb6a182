/*
 * LAPACK's dgesdd, found by name at the first call: OpenBLAS, else any liblapack. Opened here and
 * not linked, because OpenBLAS starts threads when it loads and a host may not have it at all.
 *
 * Integers are passed in 64 bits of which a 32-bit LAPACK reads the lower half (little-endian), so
 * that both builds of it work. OpenBLAS is held to one thread while a call of ours runs: the caller
 * gives each worker its own matrix. Its setting is restored when the last of our calls returns.
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

static struct {
  dgesdd solve;
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

/* Both changes are made under the lock, the calls between them run at the same time. */
static void enter(void) {
  pthread_mutex_lock(&lock);
  if (calls++ == 0 && lapack.get_threads && lapack.set_threads) {
    host_threads = lapack.get_threads();
    lapack.set_threads(1);
  }
  pthread_mutex_unlock(&lock);
}

static void leave(void) {
  pthread_mutex_lock(&lock);
  if (--calls == 0 && lapack.get_threads && lapack.set_threads) lapack.set_threads(host_threads);
  pthread_mutex_unlock(&lock);
}

int64_t svs_svd_workspace(int64_t m, int64_t n) {
  int64_t least = m < n ? m : n, query = -1, info = 0, ignored[8] = {0};
  double a = 0, s = 0, u = 0, vt = 0, size = 0;
  if (!svs_lapack_version()) return -1;
  enter();
  lapack.solve("S", &m, &n, &a, &m, &s, &u, &m, &vt, &least, &size, &query, ignored, &info, 1);
  leave();
  /* What the documentation of LAPACK 3.11 asks for, and what that of 3.1 asked for. */
  int64_t most = m < n ? n : m, documented = 4 * least * least + 7 * least;
  int64_t earlier = 3 * least + (most > documented ? most : documented);
  if ((int32_t)info != 0 || !(size >= 0 && size < 2147483648.0)) return -1;
  return (int64_t)size > earlier ? (int64_t)size : earlier;
}

int svs_svd(int64_t m, int64_t n, double *a, double *s, double *u, double *vt, double *work,
            int64_t lwork, int64_t *iwork) {
  int64_t least = m < n ? m : n, info = 0;
  enter();
  lapack.solve("S", &m, &n, a, &m, s, u, &m, vt, &least, work, &lwork, iwork, &info, 1);
  leave();
  return (int32_t)info;
}
