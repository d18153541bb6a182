/* A host that looks at what it has: the release, the names of the statuses, a model's and an
 * adapter's descriptions, tokens and logits, factors kept in a folder, speed; and that switches an
 * adapter off and on and gives it away as PEFT's LoRA. */
#include "expect.h"
#include "files.h"

#include <math.h>

/* Checks that a report, freed here, holds these words. */
static void holds(char *report, const char *words) {
  if (!EXPECT(report && strstr(report, words))) fprintf(stderr, "  no %s in %s\n", words, report);
  svft_string_free(report);
}

static void names_release_and_statuses(void) {
  int major, minor, patch;
  EXPECT(svft_abi_version() == SVFT_ABI_VERSION);
  EXPECT(sscanf(svft_version(), "%d.%d.%d", &major, &minor, &patch) == 3);
  for (svft_status status = SVFT_OK; status <= SVFT_NON_FINITE; status++) {
    EXPECT(svft_status_string(status)[0]);
    EXPECT(strcmp(svft_status_string(status), svft_status_string(SVFT_INTERNAL)) != 0);
  }
  EXPECT(strcmp(svft_status_string(SVFT_INVALID_ARGUMENT), "invalid argument") == 0);
  EXPECT(strcmp(svft_status_string(-1), "unknown status") == 0);
  EXPECT(strcmp(svft_status_string(INT32_MAX), "unknown status") == 0);
}

/* Text to ids and back, by the rule of buffers: ask for the count, then for the ids. */
static void tokens_come_back(svft_model *model) {
  const char *text = "The keeper lit the lamp.";
  int32_t *ids;
  size_t count = 0, written = 0;
  char *back = NULL;
  svft_model_tokenize(model, text, 1, NULL, 0, &count);
  ids = needed(calloc(count, sizeof *ids), "ids");
  WORKS(svft_model_tokenize(model, text, 1, ids, count, &written));
  EXPECT(written == count && ids[0] == 1);
  WORKS(svft_model_detokenize(model, ids, count, &back));
  EXPECT(back && strcmp(back, text) == 0);
  svft_string_free(back);
  free(ids);
}

/* A zero byte that a model writes does not end the text: it is U+FFFD. Id 3 is that byte. */
static void zeros_are_replaced(svft_model *model) {
  int32_t ids[8], zero[] = {3};
  size_t count = 0, rest = 0;
  char *text = NULL;
  WORKS(svft_model_tokenize(model, "lamp", 0, ids, 7, &count));
  memmove(ids + 1, ids, count * sizeof *ids);
  memcpy(ids, zero, sizeof zero);
  WORKS(svft_model_detokenize(model, ids, count + 1, &text));
  rest = text ? strlen(text) : 0;
  EXPECT(rest >= 7 && memcmp(text, "\xEF\xBF\xBD", 3) == 0);
  EXPECT(rest >= 7 && strcmp(text + rest - 4, "lamp") == 0);
  svft_string_free(text);
}

/* Logits of four ids; free them. */
static float *logits_of(svft_model *model) {
  static const int32_t ids[] = {1, 40, 41, 42};
  size_t count = 0;
  svft_model_logits(model, ids, 4, NULL, 0, &count);
  float *logits = needed(calloc(count, sizeof *logits), "logits");
  EXPECT(count == 4 * 408);
  WORKS(svft_model_logits(model, ids, 4, logits, count, &count));
  return logits;
}

/* The largest difference. */
static double distance(const float *a, const float *b) {
  double largest = 0;
  for (int i = 0; i < 4 * 408; i++) largest = fmax(largest, fabs((double)a[i] - (double)b[i]));
  return largest;
}

/* Off by scale 0, on again by 1, and the same through PEFT's form of it. */
static void switches_and_exports(svft_model *model, svft_adapter *adapter, const char *scratch) {
  float *base, *on, *off, *again;
  svft_adapter *given = NULL;
  char *report = NULL;
  const char *peft = in(scratch, "peft");
  on = logits_of(model);
  WORKS(svft_adapter_set_scale(adapter, 0));
  off = logits_of(model);
  WORKS(svft_adapter_set_scale(adapter, 1));
  again = logits_of(model);
  if (WORKS(svft_adapter_export(adapter, peft, "{\"to\": \"peft\", \"rank\": 32}", &report)))
    holds(report, "left_out");
  WORKS(svft_adapter_describe(adapter, &report));
  holds(report, "\"svft\"");
  WORKS(svft_inspect(peft, NULL, &report));
  holds(report, "lora_A");
  svft_adapter_free(adapter);
  base = logits_of(model);
  EXPECT(distance(on, again) == 0 && distance(off, base) == 0 && distance(on, off) > 1e-3);
  if (WORKS(svft_adapter_load(model, peft, 1, &given))) {
    float *as_lora = logits_of(model);
    EXPECT(distance(on, as_lora) < 1e-3 * distance(on, off));
    free(as_lora);
  }
  svft_adapter_free(given);
  free(base);
  free(on);
  free(off);
  free(again);
}

static svft_adapter *train_an_adapter(svft_model *model) {
  svft_adapter *adapter = NULL;
  svft_trainer *trainer = NULL;
  svft_train_params params;
  char *report = NULL;
  double loss = 0;
  svft_train_params_init(&params, sizeof params);
  params.learning_rate = 0.05;
  if (!WORKS(svft_adapter_create(model, "{\"method\": \"svft\"}", &adapter)) ||
      !WORKS(svft_trainer_create(adapter, fixture("tales.jsonl"), NULL, NULL, &params, &trainer)))
    exit(finish());
  for (int i = 0; i < 3; i++) WORKS(svft_trainer_step(trainer, &loss));
  EXPECT(loss > 0 && loss < 20);
  WORKS(svft_trainer_describe(trainer, &report));
  holds(report, "\"total_steps\": 6");
  svft_trainer_free(trainer);
  return adapter;
}

int main(int argc, char **argv) {
  svft_model *model = NULL;
  svft_model_params params;
  char *report = NULL;
  names_release_and_statuses();
  svft_model_params_init(&params, sizeof params);
  if (argc != 2) return 2;
  params.cache_folder = folder(argv[1], "cache");
  if (!WORKS(svft_model_load(fixture("llama"), &params, &model))) return finish();
  WORKS(svft_model_describe(model, &report));
  holds(report, "\"llama\"");
  WORKS(svft_inspect(fixture("llama"), "{\"spectrum\": true}", &report));
  holds(report, "spectrum");
  WORKS(svft_model_factor(model, "q_proj,v_proj", NULL, NULL));
  WORKS(svft_model_factors(model, "{\"targets\": [\"k_proj\"], \"rank\": 3}", NULL, NULL, &report));
  holds(report, "k_proj");
  WORKS(svft_estimate(fixture("llama"), &params, "{\"prompt\": 8, \"batch\": 2}", &report));
  holds(report, "peak_bytes");
  WORKS(svft_model_bench(model, "{\"prompt\": 8, \"decode\": 4, \"repeats\": 1}", &report));
  holds(report, "decode");
  WORKS(svft_evaluate(model, fixture("tales.jsonl"), NULL, NULL, NULL, &report));
  holds(report, "perplexity");
  tokens_come_back(model);
  zeros_are_replaced(model);
  switches_and_exports(model, train_an_adapter(model), argv[1]);
  svft_model_free(model);
  return finish();
}
