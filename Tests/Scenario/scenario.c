/* The scenario through the C interface; knows svft.h, libsvft.so, and scenario.h, which
 * test_scenario.py makes of scenario.json:
 *
 *   scenario FIXTURES THREADS OUT
 *
 * Writes what Scenario.swift writes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario.h"
#include "svft.h"

#define SET(name, value) params.name = value;
#define PROMPTS (sizeof prompts / sizeof *prompts)

static const char *const prompts[] = SCENARIO_PROMPTS;
static const char *fixtures, *out;
static FILE *report;

struct sequence {
  int32_t ids[4096];
  size_t count;
};

static void must(svft_status status, const char *what) {
  if (status == SVFT_OK) return;
  fprintf(stderr, "%s: %s: %s\n", what, svft_status_string(status), svft_last_error());
  exit(1);
}

static const char *join(const char *folder, const char *name) {
  static char paths[4][4096];
  static int next;
  char *path = paths[next++ % 4];
  snprintf(path, sizeof *paths, "%s/%s", folder, name);
  return path;
}

static int32_t on_progress(void *user, const svft_train_progress *progress) {
  (void)user;
  if (strcmp(progress->event, "step") == 0) {
    fprintf(report, "loss %lld %.17g\n", (long long)progress->step, progress->loss);
  }
  if (progress->validation_loss == progress->validation_loss) {
    fprintf(report, "validation %lld %.17g\n", (long long)progress->step,
            progress->validation_loss);
  }
  return 0;
}

static int32_t on_token(void *user, size_t index, int32_t token, const char *text) {
  struct sequence *sequence = (struct sequence *)user + index;
  (void)text;
  if (sequence->count < 4096) sequence->ids[sequence->count++] = token;
  return 0;
}

/* A number of a JSON object, as the text has it. */
static double number(const char *json, const char *key) {
  const char *place = strstr(json, key);
  place = place ? strchr(place, ':') : NULL;
  return place ? strtod(place + 1, NULL) : 0.0 / 0.0;
}

static void train(svft_adapter *adapter) {
  svft_trainer *trainer;
  svft_train_params params;
  must(svft_train_params_init(&params, sizeof params), "train params");
  SCENARIO_TRAINING(SET)
  must(svft_trainer_create(adapter, join(fixtures, SCENARIO_DATA), NULL, join(out, "run"), &params,
                           &trainer),
       "trainer");
  must(svft_trainer_run(trainer, on_progress, NULL), "training");
  svft_trainer_free(trainer);
}

/* Continues the prompts, and answers the conversation. */
static void generate(svft_model *model) {
  static struct sequence sequences[PROMPTS + 1];
  static const char *const conversation = SCENARIO_CONVERSATION;
  char *texts[PROMPTS + 1];
  svft_generation_params params;
  must(svft_generation_params_init(&params, sizeof params), "generation params");
  SCENARIO_GENERATION(SET)
  must(svft_generate(model, prompts, PROMPTS, &params, on_token, sequences, texts), "generation");
  must(svft_generate_messages(model, &conversation, 1, NULL, &params, on_token,
                              sequences + PROMPTS, texts + PROMPTS),
       "answering");
  for (size_t i = 0; i <= PROMPTS; i++) {
    fprintf(report, "ids");
    for (size_t k = 0; k < sequences[i].count; k++) fprintf(report, " %d", sequences[i].ids[k]);
    fprintf(report, "\ntext %s\n", texts[i]);
    svft_string_free(texts[i]);
  }
}

int main(int count, char **arguments) {
  svft_model *model;
  svft_adapter *adapter;
  svft_model_params params;
  char *text;
  if (count != 4) return 2;
  fixtures = arguments[1];
  out = arguments[3];
  report = fopen(join(out, "report.txt"), "w");
  if (!report) return 1;

  must(svft_model_params_init(&params, sizeof params), "model params");
  params.quantize = SCENARIO_QUANTIZE;
  params.threads = atoi(arguments[2]);
  params.cache_folder = join(out, "cache");
  must(svft_model_load(join(fixtures, SCENARIO_MODEL), &params, &model), "loading");
  must(svft_model_factor(model, SCENARIO_TARGETS, NULL, NULL), "factoring");
  must(svft_adapter_create(model, SCENARIO_ADAPTER, &adapter), "adapter");
  train(adapter);
  must(svft_evaluate(model, join(fixtures, SCENARIO_EVALUATION), NULL, NULL, NULL, &text),
       "evaluation");
  fprintf(report, "evaluation %.17g %.17g\n", number(text, "\"loss\""),
          number(text, "\"accuracy\""));
  svft_string_free(text);
  generate(model);
  must(svft_model_save(model, join(out, "merged.gguf"), SCENARIO_MERGED, NULL, NULL, NULL, &text),
       "merging");
  svft_string_free(text);
  svft_adapter_free(adapter);
  svft_model_free(model);
  return fclose(report) == 0 ? 0 : 1;
}
