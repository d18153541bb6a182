/* Hosts that have threads of their own: two of them with a model each compute what one does alone;
 * two of them on one model either compute or get SVFT_BUSY, and what is computed is right; a thread
 * with a stack of 128 KiB trains, generates and saves; every thread has its own last sentence. */
#define _XOPEN_SOURCE 700

#include "expect.h"
#include "files.h"

#include <pthread.h>

enum { ROUNDS = 60, VOCABULARY = 408 };

/* One host thread: its model, its ids, the logits that are right for them, and what happened. */
struct worker {
  svft_model *model;
  int32_t ids[4];
  float expected[4 * VOCABULARY];
  int right, wrong, busy;
};

static svft_model *load(int threads) {
  svft_model_params params;
  svft_model *model = NULL;
  svft_model_params_init(&params, sizeof params);
  params.threads = threads;
  if (!WORKS(svft_model_load(fixture("llama"), &params, &model))) exit(finish());
  return model;
}

static void *compute(void *argument) {
  struct worker *worker = argument;
  float logits[4 * VOCABULARY];
  for (int round = 0; round < ROUNDS; round++) {
    size_t count = 0;
    svft_status status =
        svft_model_logits(worker->model, worker->ids, 4, logits, 4 * VOCABULARY, &count);
    int same = status == SVFT_OK && memcmp(logits, worker->expected, sizeof logits) == 0;
    worker->right += same;
    worker->busy += status == SVFT_BUSY;
    worker->wrong += !same && status != SVFT_BUSY;
  }
  return NULL;
}

/* Two threads at once; `two` may have the model of `one`. */
static void compute_together(struct worker *one, struct worker *two) {
  pthread_t threads[2];
  one->right = one->wrong = one->busy = 0;
  two->right = two->wrong = two->busy = 0;
  pthread_create(&threads[0], NULL, compute, one);
  pthread_create(&threads[1], NULL, compute, two);
  pthread_join(threads[0], NULL);
  pthread_join(threads[1], NULL);
}

static void serves_two_threads(void) {
  static struct worker one, two;
  const int32_t ids[] = {1, 50, 60, 70};
  size_t count = 0;
  one.model = load(2);
  two.model = load(3);
  memcpy(one.ids, ids, sizeof ids);
  memcpy(two.ids, ids, sizeof ids);
  two.ids[3] = 71;
  WORKS(svft_model_logits(one.model, one.ids, 4, one.expected, 4 * VOCABULARY, &count));
  WORKS(svft_model_logits(one.model, two.ids, 4, two.expected, 4 * VOCABULARY, &count));

  compute_together(&one, &two);
  EXPECT(one.right == ROUNDS && two.right == ROUNDS);

  svft_model *second = two.model;
  two.model = one.model;
  compute_together(&one, &two);
  EXPECT(one.wrong == 0 && two.wrong == 0 && one.right + two.right > 0);
  svft_model_free(one.model);
  svft_model_free(second);
}

static void *work_on_little_stack(void *scratch) {
  svft_model *model = load(2);
  svft_adapter *adapter = NULL;
  svft_trainer *trainer = NULL;
  const char *prompt = "The gull";
  char *text = NULL, *report = NULL;
  WORKS(svft_adapter_create(model, "{\"method\": \"svft\"}", &adapter));
  WORKS(svft_trainer_create(adapter, fixture("tales.jsonl"), NULL, in(scratch, "run"), NULL,
                            &trainer));
  WORKS(svft_trainer_run(trainer, NULL, NULL));
  WORKS(svft_generate(model, &prompt, 1, NULL, NULL, NULL, &text));
  WORKS(svft_model_save(model, in(scratch, "little.gguf"), "q4_0", NULL, NULL, NULL, &report));
  WORKS(svft_plot(in(scratch, "run/metrics.jsonl"), in(scratch, "loss.svg")));
  FAILS(SVFT_FORMAT, "deep.safetensors",
        svft_model_load(in(scratch, "deep.safetensors"), NULL, &model));
  svft_string_free(report);
  svft_string_free(text);
  svft_trainer_free(trainer);
  svft_adapter_free(adapter);
  svft_model_free(model);
  return NULL;
}

/* A file of nothing but opening brackets, for whoever parses by recursion. */
static void write_deep_file(const char *path) {
  enum { DEPTH = 1 << 20 };
  unsigned char *bytes = needed(malloc(8 + DEPTH), "deep");
  const unsigned char length[8] = {0, 0, DEPTH >> 16, 0, 0, 0, 0, 0};
  memcpy(bytes, length, 8);
  memset(bytes + 8, '[', DEPTH);
  memcpy(bytes + 8, "{\"a\":", 5);
  write_file(path, bytes, 8 + DEPTH);
  free(bytes);
}

static void needs_little_stack(char *scratch) {
  pthread_attr_t attributes;
  pthread_t thread;
  write_deep_file(in(scratch, "deep.safetensors"));
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 128 << 10);
  if (EXPECT(pthread_create(&thread, &attributes, work_on_little_stack, scratch) == 0))
    pthread_join(thread, NULL);
  pthread_attr_destroy(&attributes);
}

static void *fail_elsewhere(void *unused) {
  svft_model *model = NULL;
  EXPECT(strcmp(svft_last_error(), "") == 0);
  FAILS(SVFT_IO, "elsewhere", svft_model_load("elsewhere", NULL, &model));
  return unused;
}

static void keeps_sentences_apart(void) {
  pthread_t thread;
  svft_model *model = NULL;
  FAILS(SVFT_IO, "nowhere", svft_model_load("nowhere", NULL, &model));
  pthread_create(&thread, NULL, fail_elsewhere, NULL);
  pthread_join(thread, NULL);
  EXPECT(strstr(svft_last_error(), "nowhere"));
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  serves_two_threads();
  needs_little_stack(argv[1]);
  keeps_sentences_apart();
  return finish();
}
