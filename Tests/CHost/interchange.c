/* A host that takes changes from elsewhere: what it exported in each form comes back as an adapter,
 * two halves of it add up to the whole, and what belongs elsewhere is refused. */
#include "expect.h"
#include "files.h"

#include <math.h>

enum { values = 4 * 408 };

/* Logits of four ids; free them. */
static float *logits_of(svft_model *model) {
  static const int32_t ids[] = {1, 40, 41, 42};
  size_t count = 0;
  float *logits = needed(calloc(values, sizeof *logits), "logits");
  WORKS(svft_model_logits(model, ids, 4, logits, values, &count));
  EXPECT(count == values);
  return logits;
}

/* Whether the model's logits are those, to rounding. */
static int gives(svft_model *model, const float *expected) {
  float *found = logits_of(model);
  double largest = 0, size = 0;
  for (int i = 0; i < values; i++) {
    largest = fmax(largest, fabs((double)found[i] - (double)expected[i]));
    size = fmax(size, fabs((double)expected[i]));
  }
  free(found);
  return largest < 1e-4 * size;
}

/* Trains a little; switched off afterwards, its logits while it was on are handed out. */
static svft_adapter *trained(svft_model *model, const char *options, float **logits) {
  svft_adapter *adapter = NULL;
  svft_trainer *trainer = NULL;
  svft_train_params params;
  svft_train_params_init(&params, sizeof params);
  params.steps = 3;
  params.learning_rate = 0.05;
  if (WORKS(svft_adapter_create(model, options, &adapter)) &&
      WORKS(svft_trainer_create(adapter, fixture("tales.jsonl"), NULL, NULL, &params, &trainer)))
    WORKS(svft_trainer_run(trainer, NULL, NULL));
  svft_trainer_free(trainer);
  *logits = logits_of(model);
  WORKS(svft_adapter_set_scale(adapter, 0));
  return adapter;
}

static void every_form_comes_back(svft_model *model, svft_adapter *adapter, const float *expected,
                                  const char *scratch) {
  static const char *const forms[][2] = {
      {"peft", "{\"to\": \"peft\"}"},
      {"lora.gguf", "{\"to\": \"gguf-lora\"}"},
      {"delta.safetensors", "{\"to\": \"delta\"}"}};
  WORKS(svft_adapter_set_scale(adapter, 1));
  for (int i = 0; i < 3; i++) {
    char *report = NULL;
    WORKS(svft_adapter_export(adapter, in(scratch, forms[i][0]), forms[i][1], &report));
    EXPECT(report && strstr(report, "modules"));
    svft_string_free(report);
  }
  WORKS(svft_adapter_set_scale(adapter, 0));
  for (int i = 0; i < 3; i++) {
    svft_adapter *made = NULL;
    char *report = NULL;
    if (!WORKS(svft_adapter_import(model, in(scratch, forms[i][0]),
                                   "{\"pattern\": \"banded\", \"d\": 999}", &made, &report)))
      continue;
    EXPECT(strstr(report, "\"captured\"") && strstr(report, "\"others\""));
    EXPECT(gives(model, expected));
    svft_string_free(report);
    svft_adapter_free(made);
  }
}

static void another_model_is_a_change(svft_model *model, svft_adapter *adapter,
                                      const float *expected, const char *scratch) {
  svft_adapter *made = NULL;
  char *report = NULL;
  WORKS(svft_adapter_set_scale(adapter, 1));
  WORKS(svft_model_save(model, in(scratch, "merged"), "f32", NULL, NULL, NULL, &report));
  svft_string_free(report);
  WORKS(svft_adapter_set_scale(adapter, 0));
  if (!WORKS(svft_adapter_import(model, in(scratch, "merged"), "{\"method\": \"full\"}", &made,
                                 &report)))
    return;
  EXPECT(strstr(report, "\"model\"") && gives(model, expected));
  svft_string_free(report);
  svft_adapter_free(made);
}

static void halves_add_up(svft_model *model, svft_adapter *adapter, const float *expected,
                          const char *scratch) {
  svft_adapter *terms[2] = {adapter, NULL}, *sum = NULL;
  char *report = NULL;
  WORKS(svft_adapter_save(adapter, in(scratch, "saved")));
  WORKS(svft_adapter_load(model, in(scratch, "saved"), 0.25f, &terms[1]));
  WORKS(svft_adapter_set_scale(adapter, 0.75f));
  if (WORKS(svft_adapter_sum(terms, 2, "{\"rule\": \"sum\"}", &sum, &report)))
    EXPECT(strstr(report, "0.75"));
  svft_string_free(report);
  WORKS(svft_adapter_set_scale(terms[0], 0));
  svft_adapter_free(terms[1]);
  EXPECT(gives(model, expected));
  svft_adapter_free(sum);
}

static void refuses_what_belongs_elsewhere(svft_model *model, svft_adapter *adapter,
                                           const char *scratch) {
  svft_model *other = NULL;
  svft_adapter *made = NULL, *terms[2] = {adapter, NULL};
  char *report = NULL;
  if (!WORKS(svft_model_load(fixture("bert"), NULL, &other))) return;
  FAILS(SVFT_MISMATCH, "delta.safetensors",
        svft_adapter_import(other, in(scratch, "delta.safetensors"), NULL, &made, &report));
  FAILS(SVFT_MISMATCH, "lora.gguf",
        svft_adapter_import(other, in(scratch, "lora.gguf"), NULL, &made, &report));
  FAILS(SVFT_MISMATCH, "family",
        svft_adapter_import(other, in(scratch, "merged"), NULL, &made, &report));
  FAILS(SVFT_IO, "missing",
        svft_adapter_import(model, in(scratch, "missing"), NULL, &made, &report));
  WORKS(svft_adapter_create(other, "{\"method\": \"svft\"}", &terms[1]));
  FAILS(SVFT_MISMATCH, "one loaded model", svft_adapter_sum(terms, 2, NULL, &made, &report));
  svft_adapter_free(terms[1]);
  WORKS(svft_adapter_create(model, "{\"method\": \"lora\"}", &terms[1]));
  FAILS(SVFT_MISMATCH, "svft and lora", svft_adapter_sum(terms, 2, NULL, &made, &report));
  FAILS(SVFT_UNSUPPORTED, "ties",
        svft_adapter_sum(terms + 1, 1, "{\"rule\": \"ties\"}", &made, &report));
  svft_adapter_free(terms[1]);
  svft_model_free(other);
  EXPECT(!made && !report);
}

int main(int argc, char **argv) {
  svft_model *model = NULL;
  float *expected = NULL;
  if (argc != 2 || !argv[1]) return 2;
  if (!WORKS(svft_model_load(fixture("llama"), NULL, &model))) return finish();
  svft_adapter *adapter =
      trained(model, "{\"method\": \"svft\", \"targets\": [\"q_proj\", \"up_proj\"]}", &expected);
  every_form_comes_back(model, adapter, expected, argv[1]);
  another_model_is_a_change(model, adapter, expected, argv[1]);
  halves_add_up(model, adapter, expected, argv[1]);
  refuses_what_belongs_elsewhere(model, adapter, argv[1]);
  free(expected);
  svft_adapter_free(adapter);
  svft_model_free(model);
  return finish();
}
