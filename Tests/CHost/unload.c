/* A plugin host: opens libsvft, lets another thread fail and compute with it, and closes it again
 * while that thread still lives. The library's own threads sleep, and thread ends run its
 * destructors, so closing must leave the code in place; opening it again must work. */
#define _XOPEN_SOURCE 700

#include "expect.h"
#include "files.h"

#include <dlfcn.h>
#include <pthread.h>
#include <time.h>

typedef svft_status load_function(const char *, const svft_model_params *, svft_model **);
typedef svft_status params_function(svft_model_params *, size_t);
typedef svft_status logits_function(svft_model *, const int32_t *, size_t, float *, size_t,
                                    size_t *);
typedef void free_function(svft_model *);

struct visit {
  const char *library, *model;
  void *handle;
  int went_well;
  pthread_barrier_t used, closed;
};

/* A function by name; ISO C has no cast from an object pointer. */
static void look_up(void *handle, const char *name, void *function) {
  void *found = needed(dlsym(handle, name), name);
  memcpy(function, &found, sizeof found);
}

/* Computes with a team of three and fails once, as a plugin's thread may. */
static int use(struct visit *visit) {
  load_function *load;
  params_function *params_init;
  logits_function *logits;
  free_function *release;
  svft_model_params params;
  svft_model *model = NULL;
  const int32_t ids[] = {1, 5, 9};
  static float values[3 * 408];
  size_t count = 0;

  look_up(visit->handle, "svft_model_load", &load);
  look_up(visit->handle, "svft_model_params_init", &params_init);
  look_up(visit->handle, "svft_model_logits", &logits);
  look_up(visit->handle, "svft_model_free", &release);
  params_init(&params, sizeof params);
  params.threads = 3;
  if (load("/nowhere", &params, &model) != SVFT_IO) return 0;
  if (load(visit->model, &params, &model) != SVFT_OK) return 0;
  svft_status status = logits(model, ids, 3, values, 3 * 408, &count);
  release(model);
  return status == SVFT_OK && count == 3 * 408;
}

static void *visitor(void *argument) {
  struct visit *visit = argument;
  visit->went_well = use(visit);
  pthread_barrier_wait(&visit->used);
  pthread_barrier_wait(&visit->closed);
  return NULL;
}

static void open_use_close(struct visit *visit) {
  pthread_t thread;
  visit->handle = needed(dlopen(visit->library, RTLD_NOW | RTLD_LOCAL), "dlopen");
  pthread_create(&thread, NULL, visitor, visit);
  pthread_barrier_wait(&visit->used);
  EXPECT(dlclose(visit->handle) == 0);
  pthread_barrier_wait(&visit->closed);
  pthread_join(thread, NULL);
  EXPECT(visit->went_well);
}

int main(int argc, char **argv) {
  const struct timespec moment = {0, 20000000};
  struct visit visit;
  if (argc != 2 || !argv[1]) return 2;
  memset(&visit, 0, sizeof visit);
  visit.library = needed(getenv("SVFT_LIBRARY"), "SVFT_LIBRARY");
  visit.model = fixture("llama");
  pthread_barrier_init(&visit.used, NULL, 2);
  pthread_barrier_init(&visit.closed, NULL, 2);
  for (int round = 0; round < 3; round++) {
    open_use_close(&visit);
    nanosleep(&moment, NULL);
  }
  return expectations_failed ? 1 : 0;
}
