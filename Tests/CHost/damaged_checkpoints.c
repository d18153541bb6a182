/* A run is resumed from checkpoints that somebody damaged: each file cut, turned over in one bit,
 * or gone. A checkpoint that was never finished is passed over for the one before it, with a
 * warning; a finished one that is damaged is an error, never a silent fresh start. */
#define _XOPEN_SOURCE 700

#include "expect.h"
#include "files.h"

#include <unistd.h>

static const char *const parts[] = {"COMPLETE", "adapter_config.json", "adapter_model.safetensors",
                                    "optimizer.safetensors", "trainer_state.json"};

static int warnings;
static void count_warnings(void *user, int32_t level, const char *text) {
  warnings += user == NULL && level == 1 && strstr(text, "never finished") != NULL;
}

static svft_model *model;

static const char *const lora = "{\"method\": \"lora\", \"targets\": [\"q_proj\"], \"r\": 1}";

/* A trainer that resumes from `output` and takes so many steps; `step` is where it is then. */
static svft_status resume(const char *output, const char *method, uint64_t seed, int steps,
                          int *step) {
  svft_adapter *adapter = NULL;
  svft_trainer *trainer = NULL;
  svft_train_params params;
  char *about = NULL;
  double loss;
  svft_train_params_init(&params, sizeof params);
  params.save_every = 2;
  params.resume = 1;
  params.seed = seed;
  *step = -1;
  if (!WORKS(svft_adapter_create(model, method, &adapter))) return SVFT_INTERNAL;
  svft_status status =
      svft_trainer_create(adapter, fixture("tales.jsonl"), NULL, output, &params, &trainer);
  for (int i = 0; i < steps && status == SVFT_OK; i++) status = svft_trainer_step(trainer, &loss);
  if (status == SVFT_OK && WORKS(svft_trainer_describe(trainer, &about)))
    sscanf(strstr(about, "\"step\":"), "\"step\": %d", step);
  svft_string_free(about);
  svft_trainer_free(trainer);
  svft_adapter_free(adapter);
  return status;
}

static int is_refusal(svft_status status) {
  return status == SVFT_FORMAT || status == SVFT_TRUNCATED || status == SVFT_MISMATCH ||
         status == SVFT_IO;
}

/* One file of the newest checkpoint is spoilt and put right again. */
static void refuses_damage(const char *output, const char *newest, const char *name) {
  const char *path = in(newest, name);
  struct bytes good = read_file(path);
  size_t apart = 1 + good.count / (is_long() ? 400 : 7);
  int step = 0;
  for (size_t length = 0; length < good.count; length += apart) {
    write_file(path, good.at, length);
    if (is_space_from(good, length)) continue;
    if (!EXPECT(is_refusal(resume(output, lora, 0, 0, &step))))
      fprintf(stderr, "  %s cut to %zu bytes\n", path, length);
    EXPECT(strstr(svft_last_error(), "checkpoint-4"));
  }
  for (size_t at = 0; at < good.count; at += apart) {
    good.at[at] ^= 4;
    write_file(path, good.at, good.count);
    if (!EXPECT(resume(output, lora, 0, 0, &step) != SVFT_OK))
      fprintf(stderr, "  %s with a bit turned at %zu\n", path, at);
    good.at[at] ^= 4;
  }
  unlink(path);
  warnings = 0;
  svft_status status = resume(output, lora, 0, 0, &step);
  if (strcmp(name, "COMPLETE") != 0) {
    EXPECT(is_refusal(status));
  } else { /* was never finished: the one before it serves */
    EXPECT(status == SVFT_OK && step == 2 && warnings == 1);
  }
  write_file(path, good.at, good.count);
  free(good.at);
}

/* The checkpoint is whole, but of another run. */
static void refuses_other_runs(const char *output) {
  int step;
  FAILS(SVFT_MISMATCH, "seed", resume(output, lora, 1, 0, &step));
  FAILS(SVFT_MISMATCH, " r 8, found 1", resume(output, "{\"method\": \"lora\"}", 0, 0, &step));
  FAILS(SVFT_MISMATCH, "method", resume(output, "{\"method\": \"svft\"}", 0, 0, &step));
}

int main(int argc, char **argv) {
  int step = 0;
  if (argc != 2 || !WORKS(svft_model_load(fixture("llama"), NULL, &model))) return 2;
  svft_set_log_callback(count_warnings, NULL);
  const char *output = in(argv[1], "run"), *newest = in(output, "checkpoint-4");
  WORKS(resume(output, lora, 0, 5, &step)); /* of six; leaves checkpoints 2 and 4 */
  EXPECT(step == 5 && exists(newest) && exists(in(output, "checkpoint-2")));
  WORKS(resume(output, lora, 0, 0, &step));
  EXPECT(step == 4 && warnings == 0);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    refuses_damage(output, newest, parts[i]);
  refuses_other_runs(output);
  WORKS(resume(output, lora, 0, 2, &step));
  EXPECT(step == 6);
  svft_set_log_callback(NULL, NULL);
  svft_model_free(model);
  return finish();
}
