/* Calls that are rare but right: nothing to do, many threads, huge batches, prompts at the edge of
 * the context, files saved over their own source, objects let go in their own callbacks. And the
 * states in which a call must wait: two trainers on one adapter or in one folder. */
#include "models.h"

#include <math.h>

static svft_model *load(const char *path, int threads) {
  svft_model_params params;
  svft_model *model = NULL;
  svft_model_params_init(&params, sizeof params);
  params.threads = threads;
  if (!WORKS(svft_model_load(path, &params, &model))) exit(finish());
  return model;
}

static int says_the_same(svft_model *one, svft_model *other) {
  char *a = continued(one, "The daughter"), *b = continued(other, "The daughter");
  int same = a && b && strcmp(a, b) == 0;
  svft_string_free(a);
  svft_string_free(b);
  return same;
}

static void does_nothing_well(svft_model *model) {
  size_t count = 7;
  char *text = NULL;
  const char *empty = "";
  svft_generation_params params;
  svft_generation_params_init(&params, sizeof params);
  params.max_tokens = 0;
  WORKS(svft_generate(model, NULL, 0, NULL, NULL, NULL, &text));
  WORKS(svft_embed(model, NULL, 0, NULL, 0, &count));
  EXPECT(count == 0);
  count = 7;
  WORKS(svft_model_tokenize(model, "", 0, NULL, 0, &count));
  EXPECT(count == 0);
  count = 7;
  WORKS(svft_model_logits(model, NULL, 0, NULL, 0, &count));
  EXPECT(count == 0);
  WORKS(svft_model_detokenize(model, NULL, 0, &text));
  EXPECT(text && text[0] == 0);
  svft_string_free(text);
  WORKS(svft_generate(model, &empty, 1, &params, NULL, NULL, &text));
  EXPECT(text && text[0] == 0);
  svft_string_free(text);
  FAILS(SVFT_UNSUPPORTED, "class or score head", svft_classify(model, &empty, NULL, 1, &text));
}

/* 128 tokens are this model's context. */
static void keeps_to_the_context(svft_model *model) {
  int32_t ids[129];
  size_t count = 0;
  char *text = NULL, prompt[129 * 8] = "";
  const char *prompts[] = {prompt};
  for (int i = 0; i < 129; i++) ids[i] = 40;
  FAILS(SVFT_LIMIT, "room", svft_model_logits(model, ids, 128, NULL, 0, &count));
  EXPECT(count == 128 * 408);
  FAILS(SVFT_LIMIT, "context", svft_model_logits(model, ids, 129, NULL, 0, &count));
  for (int i = 0; i < 129; i++) strcat(prompt, "lamp ");
  FAILS(SVFT_LIMIT, "prompt 0", svft_generate(model, prompts, 1, NULL, NULL, NULL, &text));
}

static void trains_in_one_place_at_once(svft_model *model, const char *output) {
  svft_adapter *adapter = NULL;
  svft_trainer *first = NULL, *second = NULL;
  svft_train_params params;
  double loss;
  svft_train_params_init(&params, sizeof params);
  params.batch_size = 65536;
  params.grad_accumulation_steps = 65536;
  params.steps = 1000000000;
  WORKS(svft_adapter_create(model, "{\"method\": \"lora\"}", &adapter));
  WORKS(svft_trainer_create(adapter, fixture("tales.jsonl"), NULL, output, &params, &first));
  FAILS(SVFT_BUSY, output,
        svft_trainer_create(adapter, fixture("tales.jsonl"), NULL, output, &params, &second));
  WORKS(svft_trainer_step(first, &loss));
  svft_trainer_free(first);
  WORKS(svft_trainer_create(adapter, fixture("tales.jsonl"), NULL, output, &params, &second));
  svft_trainer_free(second);
  svft_adapter_free(adapter);
}

/* A huge scale makes logits that are no numbers: said, and repaired by a small one. */
static void scales(svft_model *model) {
  svft_adapter *adapter = NULL;
  svft_trainer *trainer = NULL;
  const char *prompt = "The sea";
  char *text = NULL;
  double loss;
  WORKS(svft_adapter_create(model, "{\"method\": \"svft\"}", &adapter));
  WORKS(svft_trainer_create(adapter, fixture("tales.jsonl"), NULL, NULL, NULL, &trainer));
  WORKS(svft_trainer_step(trainer, &loss));
  WORKS(svft_adapter_set_scale(adapter, 3e38f));
  FAILS(SVFT_NON_FINITE, "", svft_generate(model, &prompt, 1, NULL, NULL, NULL, &text));
  WORKS(svft_adapter_set_scale(adapter, 0));
  FAILS(SVFT_STATE, "attached", svft_trainer_step(trainer, &loss));
  WORKS(svft_adapter_set_scale(adapter, 1));
  WORKS(svft_trainer_step(trainer, &loss));
  EXPECT(isfinite(loss));
  svft_trainer_free(trainer);
  svft_adapter_free(adapter);
}

/* A mapped file, and a folder, replaced by what was made of them. */
static void saves_over_its_source(svft_model *base, const char *scratch) {
  static const char *const names[] = {"self.gguf", "self"};
  char *report = NULL;
  for (int i = 0; i < 2; i++) {
    const char *path = in(scratch, names[i]);
    WORKS(svft_model_save(base, path, NULL, NULL, NULL, NULL, &report));
    svft_string_free(report);
    svft_model *model = load(path, 1);
    WORKS(svft_model_save(model, path, NULL, NULL, NULL, NULL, &report));
    svft_string_free(report);
    svft_model *again = load(path, 1);
    EXPECT(says_the_same(model, base) && says_the_same(again, base));
    svft_model_free(again);
    svft_model_free(model);
  }
}

struct owner {
  svft_model *model;
  svft_trainer *trainer;
};

static int32_t let_go(void *user, const svft_train_progress *progress) {
  struct owner *owner = user;
  if (progress->step == 1) {
    svft_model_free(owner->model);
    svft_trainer_free(owner->trainer);
  }
  return 0;
}

/* Handles given back by a callback live until the call that runs is over. */
static void lets_go_in_a_callback(void) {
  struct owner owner = {load(fixture("llama"), 1), NULL};
  svft_adapter *adapter = NULL;
  svft_train_params params;
  svft_train_params_init(&params, sizeof params);
  params.steps_per_report = 1;
  WORKS(svft_adapter_create(owner.model, "{\"method\": \"lora\"}", &adapter));
  WORKS(svft_trainer_create(adapter, fixture("tales.jsonl"), NULL, NULL, &params, &owner.trainer));
  WORKS(svft_trainer_run(owner.trainer, let_go, &owner));
  svft_adapter_free(adapter);
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  svft_model *model = load(fixture("llama"), 1), *crowded = load(fixture("llama"), 64);
  does_nothing_well(model);
  keeps_to_the_context(model);
  EXPECT(says_the_same(model, crowded));
  trains_in_one_place_at_once(model, in(argv[1], "run"));
  scales(model);
  saves_over_its_source(model, argv[1]);
  lets_go_in_a_callback();
  svft_model_free(crowded);
  svft_model_free(model);
  return finish();
}
