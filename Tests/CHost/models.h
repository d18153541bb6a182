/* What the programs here do with models more than once: write a little, and train as a process does
 * that is started for one run. */
#ifndef MODELS_H
#define MODELS_H

#include "expect.h"
#include "files.h"

/* Sixteen greedy tokens after a prompt; free with svft_string_free. */
static inline char *continued(svft_model *model, const char *prompt) {
  svft_generation_params params;
  char *text = NULL;
  svft_generation_params_init(&params, sizeof params);
  params.temperature = 0;
  params.max_tokens = 16;
  WORKS(svft_generate(model, &prompt, 1, &params, NULL, NULL, &text));
  return text;
}

/* A run on the tiny llama and its tales. */
struct training {
  const char *method;
  int threads;
  svft_train_params params;
  svft_train_callback callback;
  void *user;
};

/* Everything from loading to freeing. The output folder then holds the adapter, or after a
 * cancelled run the checkpoint to go on from. */
static inline svft_status train(const struct training *run, const char *output) {
  svft_model_params loading;
  svft_model *model = NULL;
  svft_adapter *adapter = NULL;
  svft_trainer *trainer = NULL;
  svft_model_params_init(&loading, sizeof loading);
  loading.threads = run->threads;
  svft_status status = svft_model_load(fixture("llama"), &loading, &model);
  if (status == SVFT_OK) status = svft_adapter_create(model, run->method, &adapter);
  if (status == SVFT_OK)
    status = svft_trainer_create(adapter, fixture("tales.jsonl"), NULL, output, &run->params,
                                 &trainer);
  if (status == SVFT_OK) status = svft_trainer_run(trainer, run->callback, run->user);
  svft_trainer_free(trainer);
  svft_adapter_free(adapter);
  svft_model_free(model);
  return status;
}

#endif
