/* A host that serves several users with one model: each prompt of a batch has an adapter of its
 * own, or none, and is continued as if its adapter were attached for all. */
#include "expect.h"
#include "files.h"

enum { prompts = 5 };
static const char *const prompt = "The lamp";

/* Greedy texts of `count` equal prompts. */
static svft_status continued(svft_model *model, size_t count, svft_adapter *const *adapters,
                             const float *scales, char **texts) {
  const char *const all[prompts] = {prompt, prompt, prompt, prompt, prompt};
  svft_generation_params params;
  svft_generation_params_init(&params, sizeof params);
  params.temperature = 0;
  params.max_tokens = 16;
  params.adapters = adapters;
  params.adapter_scales = scales;
  return svft_generate(model, all, count, &params, NULL, NULL, texts);
}

/* An adapter that changes something without being trained. */
static svft_adapter *made(svft_model *model, const char *options) {
  svft_adapter *adapter = NULL;
  WORKS(svft_adapter_create(model, options, &adapter));
  WORKS(svft_adapter_set_scale(adapter, 0));
  return adapter;
}

static void each_prompt_has_its_own(svft_model *model, svft_adapter *a, svft_adapter *b) {
  svft_adapter *const own[prompts] = {b, NULL, a, b, a};
  static const float scales[prompts] = {1, 5, 1, 0.5f, 0};
  static const int alike[prompts] = {2, 0, 1, 3, 0};
  char *alone[4] = {NULL}, *texts[prompts] = {NULL};
  const float with_a[] = {0, 1, 0, 0}, with_b[] = {0, 0, 1, 0.5f};
  for (int i = 0; i < 4; i++) {
    WORKS(svft_adapter_set_scale(a, with_a[i]));
    WORKS(svft_adapter_set_scale(b, with_b[i]));
    WORKS(continued(model, 1, NULL, NULL, &alone[i]));
  }
  WORKS(svft_adapter_set_scale(b, 0));
  EXPECT(alone[1] && alone[2] && strcmp(alone[1], alone[2]));
  WORKS(continued(model, prompts, own, scales, texts));
  for (int i = 0; i < prompts; i++) {
    EXPECT(texts[i] && alone[alike[i]] && !strcmp(texts[i], alone[alike[i]]));
    svft_string_free(texts[i]);
  }
  for (int i = 0; i < 4; i++) svft_string_free(alone[i]);
}

static void refuses_what_acts_otherwise(svft_model *model, svft_adapter *a) {
  svft_model *other = NULL;
  char *text = NULL;
  static const float nothing[] = {1};
  FAILS(SVFT_INVALID_ARGUMENT, "adapter_scales", continued(model, 1, NULL, nothing, &text));
  WORKS(svft_adapter_set_scale(a, 1));
  FAILS(SVFT_STATE, "acts on all prompts", continued(model, 1, &a, NULL, &text));
  WORKS(svft_adapter_set_scale(a, 0));
  svft_adapter *head = made(model, "{\"method\": \"head\"}");
  FAILS(SVFT_UNSUPPORTED, "only adds changes", continued(model, 1, &head, NULL, &text));
  svft_adapter_free(head);
  if (WORKS(svft_model_load(fixture("llama"), NULL, &other)))
    FAILS(SVFT_MISMATCH, "of another", continued(other, 1, &a, NULL, &text));
  svft_model_free(other);
  EXPECT(text == NULL);
}

int main(int argc, char **argv) {
  svft_model *model = NULL;
  if (argc != 2 || !argv[1]) return 2;
  if (!WORKS(svft_model_load(fixture("llama"), NULL, &model))) return finish();
  svft_adapter *a = made(model, "{\"method\": \"svft\", \"init\": \"kaiming\"}");
  svft_adapter *b = made(
      model, "{\"method\": \"svft\", \"pattern\": \"banded\", \"d\": 4, \"init\": \"kaiming\"}");
  each_prompt_has_its_own(model, a, b);
  refuses_what_acts_otherwise(model, a);
  svft_adapter_free(a);
  svft_adapter_free(b);
  svft_model_free(model);
  return finish();
}
