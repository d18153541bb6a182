/* A host that computes with OpenMP itself and calls the library from inside its parallel regions:
 * each member has a model of its own, and gets what a single thread gets. */
#include "expect.h"
#include "files.h"

#include <omp.h>

enum { VOCABULARY = 408, TEAM = 4 };

static int logits_into(float *logits) {
  const int32_t ids[] = {1, 11, 12, 13};
  svft_model *model = NULL;
  size_t count = 0;
  svft_status status = svft_model_load(fixture("llama"), NULL, &model);
  if (status == SVFT_OK)
    status = svft_model_logits(model, ids, 4, logits, 4 * VOCABULARY, &count);
  svft_model_free(model);
  return status == SVFT_OK && count == 4 * VOCABULARY;
}

static int adapts(void) {
  svft_model *model = NULL;
  svft_adapter *adapter = NULL;
  svft_trainer *trainer = NULL;
  svft_status status = svft_model_load(fixture("llama"), NULL, &model);
  if (status == SVFT_OK) status = svft_adapter_create(model, "{\"method\": \"svft\"}", &adapter);
  if (status == SVFT_OK)
    status = svft_trainer_create(adapter, fixture("tales.jsonl"), NULL, NULL, NULL, &trainer);
  if (status == SVFT_OK) status = svft_trainer_run(trainer, NULL, NULL);
  svft_trainer_free(trainer);
  svft_adapter_free(adapter);
  svft_model_free(model);
  return status == SVFT_OK;
}

int main(int argc, char **argv) {
  static float alone[4 * VOCABULARY], logits[TEAM][4 * VOCABULARY];
  int right = 0, adapted = 0;
  if (argc != 2 || !argv[1] || !EXPECT(logits_into(alone))) return 2;
#pragma omp parallel num_threads(TEAM) reduction(+ : right, adapted)
  {
    float *mine = logits[omp_get_thread_num()];
    right += logits_into(mine) && memcmp(mine, alone, sizeof alone) == 0;
#pragma omp barrier
    adapted += adapts();
  }
  EXPECT(right == TEAM && adapted == TEAM);
  return finish();
}
