/* NULL where something is needed, handles of another kind, and struct sizes of other releases:
 * each is SVFT_INVALID_ARGUMENT with a sentence that names the parameter; nothing is written. */
#include "expect.h"
#include "files.h"

static void *const untouched = (void *)&expectations_failed;

#define REFUSES(words, call) FAILS(SVFT_INVALID_ARGUMENT, words, call)

/* Functions that make or read a whole object, called with `model` (NULL or no model). */
static void refuses_models(svft_model *model, const char *words) {
  const char *text = "a";
  int32_t id = 1;
  const int32_t *const ids = &id;
  const size_t length = 1;
  size_t count = 77;
  float number = 0;
  char *string = untouched;
  svft_adapter *adapter = untouched;
  svft_session *session = untouched;

  REFUSES(words, svft_model_describe(model, &string));
  REFUSES(words, svft_model_tokenize(model, text, 1, &id, 1, &count));
  REFUSES(words, svft_model_tokenize_messages(model, text, NULL, &id, 1, &count));
  REFUSES(words, svft_model_detokenize(model, &id, 1, &string));
  REFUSES(words, svft_model_logits(model, &id, 1, &number, 1, &count));
  REFUSES(words, svft_model_factor(model, "all-linear", NULL, NULL));
  REFUSES(words, svft_model_save(model, "x", NULL, NULL, NULL, NULL, &string));
  REFUSES(words, svft_model_bench(model, "{}", &string));
  REFUSES(words, svft_model_ablate(model, "x", NULL, NULL, "{}", NULL, NULL, &string));
  REFUSES(words, svft_generate(model, &text, 1, NULL, NULL, NULL, &string));
  REFUSES(words, svft_generate_messages(model, &text, 1, NULL, NULL, NULL, NULL, &string));
  REFUSES(words, svft_generate_tokens(model, &ids, &length, 1, NULL, NULL, NULL, &string));
  REFUSES(words, svft_embed(model, &text, 1, &number, 1, &count));
  REFUSES(words, svft_classify(model, &text, NULL, 1, &string));
  REFUSES(words, svft_evaluate(model, fixture("tales.jsonl"), "{}", NULL, NULL, &string));
  REFUSES(words, svft_adapter_create(model, "{\"method\": \"svft\"}", &adapter));
  REFUSES(words, svft_adapter_load(model, "x", 1, &adapter));
  REFUSES(words, svft_adapter_import(model, "x", NULL, &adapter, &string));
  REFUSES(words, svft_session_create(model, NULL, &session));
  REFUSES(words, svft_session_load(model, "x", NULL, &session));
  svft_model_cancel(model);
  EXPECT(session == untouched);
  EXPECT(string == untouched && adapter == untouched && count == 77);
}

static void refuses_adapters(svft_adapter *adapter, const char *words) {
  char *string = untouched;
  svft_adapter *sum = untouched;
  svft_trainer *trainer = untouched;

  REFUSES(words, svft_adapter_set_scale(adapter, 1));
  REFUSES(words, svft_adapter_save(adapter, "x"));
  REFUSES(words, svft_adapter_export(adapter, "x", "{\"to\": \"peft\"}", &string));
  REFUSES(words, svft_adapter_describe(adapter, &string));
  /* One of several is called by its place. */
  REFUSES(strncmp(words, "adapter", 7) == 0 ? words + 7 : words,
          svft_adapter_sum(&adapter, 1, NULL, &sum, &string));
  REFUSES(words,
          svft_trainer_create(adapter, fixture("tales.jsonl"), NULL, NULL, NULL, &trainer));
  EXPECT(string == untouched && trainer == untouched && sum == untouched);
}

static void refuses_trainers(svft_trainer *trainer, const char *words) {
  char *string = untouched;
  double loss = 7;

  REFUSES(words, svft_trainer_run(trainer, NULL, NULL));
  REFUSES(words, svft_trainer_step(trainer, &loss));
  REFUSES(words, svft_trainer_describe(trainer, &string));
  EXPECT(string == untouched && loss == 7);
}

static void refuses_sessions(svft_session *session, const char *words) {
  char *string = untouched;
  int32_t id = 1;
  size_t count = 77;
  const char *talk = "[{\"role\": \"user\", \"content\": \"a\"}]";

  REFUSES(words, svft_session_generate(session, "a", NULL, NULL, NULL, &string, &count));
  REFUSES(words,
          svft_session_generate_messages(session, talk, NULL, NULL, NULL, NULL, &string, &count));
  REFUSES(words, svft_session_generate_tokens(session, &id, 1, NULL, NULL, NULL, &string, &count));
  REFUSES(words, svft_session_extend(session, "a", NULL, NULL, NULL, &string, &count));
  REFUSES(words, svft_session_tokens(session, &id, 1, &count));
  REFUSES(words, svft_session_save(session, "x"));
  REFUSES(words, svft_session_describe(session, &string));
  EXPECT(string == untouched && count == 77);
}

/* Pointers of sessions that must not be NULL. */
static void refuses_null_in_sessions(svft_model *model) {
  svft_session *session = NULL;
  char *string;
  int32_t id = 1;
  if (!WORKS(svft_session_create(model, NULL, &session))) return;
  REFUSES("out", svft_session_create(model, NULL, NULL));
  REFUSES("path", svft_session_load(model, NULL, NULL, &session));
  REFUSES("prompt", svft_session_generate(session, NULL, NULL, NULL, NULL, &string, NULL));
  REFUSES("out", svft_session_generate(session, "a", NULL, NULL, NULL, NULL, NULL));
  REFUSES("messages",
          svft_session_generate_messages(session, NULL, NULL, NULL, NULL, NULL, &string, NULL));
  REFUSES("ids", svft_session_generate_tokens(session, NULL, 1, NULL, NULL, NULL, &string, NULL));
  REFUSES("ids", svft_session_generate_tokens(session, &id, (size_t)-1, NULL, NULL, NULL, &string,
                                              NULL));
  REFUSES("prompt 0", svft_session_generate_tokens(session, &id, 0, NULL, NULL, NULL, &string,
                                                   NULL));
  REFUSES("out", svft_session_extend(session, NULL, NULL, NULL, NULL, NULL, NULL));
  REFUSES("out_count", svft_session_tokens(session, &id, 1, NULL));
  REFUSES("path", svft_session_save(session, NULL));
  REFUSES("out", svft_session_describe(session, NULL));
  svft_model_free((svft_model *)session);
  EXPECT(strstr(svft_last_error(), "model: expected a handle"));
  svft_session_free((svft_session *)model);
  EXPECT(strstr(svft_last_error(), "session: expected a handle"));
  svft_session_free(NULL);
  svft_session_free(session);
}

/* Outputs and inputs that must not be NULL, on a model that is one. */
static void refuses_null_pointers(svft_model *model, svft_adapter *adapter) {
  const char *text = "a", *nothing = NULL;
  int32_t id = 1;
  const int32_t *const ids = &id, *const none = NULL;
  const size_t length = 1;
  size_t count;
  char *string;
  svft_adapter *other;
  svft_trainer *trainer;
  const char *talk = "[{\"role\": \"user\", \"content\": \"a\"}]";

  REFUSES("out", svft_model_load(fixture("llama"), NULL, NULL));
  REFUSES("path", svft_model_load(NULL, NULL, &model));
  REFUSES("out", svft_model_describe(model, NULL));
  REFUSES("text", svft_model_tokenize(model, NULL, 0, &id, 1, &count));
  REFUSES("out_count", svft_model_tokenize(model, "a", 0, &id, 1, NULL));
  REFUSES("messages", svft_model_tokenize_messages(model, NULL, NULL, &id, 1, &count));
  REFUSES("out_count", svft_model_tokenize_messages(model, talk, NULL, &id, 1, NULL));
  REFUSES("ids", svft_model_detokenize(model, NULL, 1, &string));
  REFUSES("out", svft_model_detokenize(model, &id, 1, NULL));
  REFUSES("ids", svft_model_logits(model, NULL, 1, NULL, 0, &count));
  REFUSES("out_count", svft_model_logits(model, &id, 1, NULL, 0, NULL));
  REFUSES("path", svft_model_save(model, NULL, NULL, NULL, NULL, NULL, &string));
  REFUSES("out_report", svft_model_save(model, "x", NULL, NULL, NULL, NULL, NULL));
  REFUSES("path", svft_inspect(NULL, NULL, &string));
  REFUSES("out", svft_inspect(fixture("llama"), NULL, NULL));
  REFUSES("path", svft_estimate(NULL, NULL, NULL, &string));
  REFUSES("out", svft_estimate(fixture("llama"), NULL, NULL, NULL));
  REFUSES("out", svft_model_bench(model, NULL, NULL));
  REFUSES("data", svft_model_ablate(model, NULL, NULL, NULL, NULL, NULL, NULL, &string));
  REFUSES("out", svft_model_ablate(model, "x", NULL, NULL, NULL, NULL, NULL, NULL));
  REFUSES("prompts", svft_generate(model, NULL, 1, NULL, NULL, NULL, &string));
  REFUSES("prompts[0]", svft_generate(model, &nothing, 1, NULL, NULL, NULL, &string));
  REFUSES("out", svft_generate(model, &text, 1, NULL, NULL, NULL, NULL));
  REFUSES("messages", svft_generate_messages(model, NULL, 1, NULL, NULL, NULL, NULL, &string));
  REFUSES("messages[0]",
          svft_generate_messages(model, &nothing, 1, NULL, NULL, NULL, NULL, &string));
  REFUSES("out", svft_generate_messages(model, &talk, 1, NULL, NULL, NULL, NULL, NULL));
  REFUSES("prompts", svft_generate_tokens(model, NULL, &length, 1, NULL, NULL, NULL, &string));
  REFUSES("prompts[0]",
          svft_generate_tokens(model, &none, &length, 1, NULL, NULL, NULL, &string));
  REFUSES("lengths", svft_generate_tokens(model, &ids, NULL, 1, NULL, NULL, NULL, &string));
  REFUSES("out", svft_generate_tokens(model, &ids, &length, 1, NULL, NULL, NULL, NULL));
  REFUSES("texts", svft_embed(model, NULL, 1, NULL, 0, &count));
  REFUSES("out_count", svft_embed(model, &text, 1, NULL, 0, NULL));
  REFUSES("texts[0]", svft_classify(model, &nothing, NULL, 1, &string));
  REFUSES("out", svft_classify(model, &text, NULL, 1, NULL));
  REFUSES("data", svft_evaluate(model, NULL, NULL, NULL, NULL, &string));
  REFUSES("out", svft_evaluate(model, fixture("tales.jsonl"), NULL, NULL, NULL, NULL));
  REFUSES("options", svft_adapter_create(model, NULL, &other));
  REFUSES("out", svft_adapter_create(model, "{}", NULL));
  REFUSES("path", svft_adapter_load(model, NULL, 1, &other));
  REFUSES("path", svft_adapter_save(adapter, NULL));
  REFUSES("out_report", svft_adapter_export(adapter, "x", NULL, NULL));
  REFUSES("data", svft_trainer_create(adapter, NULL, NULL, NULL, NULL, &trainer));
  REFUSES("out", svft_trainer_create(adapter, "x", NULL, NULL, NULL, NULL));
  REFUSES("metrics", svft_plot(NULL, "x.svg"));
  REFUSES("path", svft_plot("x.jsonl", NULL));
}

/* Params of no size, or of one that no release has, in …_init and where they are used. */
static void refuses_struct_sizes(svft_adapter *adapter) {
  svft_model_params loading;
  svft_generation_params generating;
  svft_train_params training;
  const size_t wrong[] = {0, 1, 4, 8, sizeof loading - 4, 1u << 16, (size_t)-1};
  const char *prompt = "a";
  char *text;
  svft_model *model;
  svft_trainer *trainer;

  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    REFUSES("struct_size", svft_model_params_init(&loading, wrong[i]));
    REFUSES("struct_size", svft_generation_params_init(&generating, wrong[i]));
    REFUSES("struct_size", svft_train_params_init(&training, wrong[i]));
    memset(&loading, 0, sizeof loading);
    memset(&generating, 0, sizeof generating);
    memset(&training, 0, sizeof training);
    loading.struct_size = generating.struct_size = training.struct_size = (uint32_t)wrong[i];
    REFUSES("struct_size", svft_model_load(fixture("llama"), &loading, &model));
    REFUSES("struct_size", svft_trainer_create(adapter, "x", NULL, NULL, &training, &trainer));
    if (svft_model_load(fixture("llama"), NULL, &model) != SVFT_OK) continue;
    REFUSES("struct_size", svft_generate(model, &prompt, 1, &generating, NULL, NULL, &text));
    REFUSES("struct_size",
            svft_generate_messages(model, &prompt, 1, NULL, &generating, NULL, NULL, &text));
    REFUSES("struct_size",
            svft_generate_tokens(model, NULL, NULL, 0, &generating, NULL, NULL, &text));
    svft_model_free(model);
  }
  REFUSES("params", svft_model_params_init(NULL, sizeof loading));
  REFUSES("params", svft_generation_params_init(NULL, sizeof generating));
  REFUSES("params", svft_train_params_init(NULL, sizeof training));
}

/* A host compiled with an older header: its struct ends sooner, and what lies behind is not for the
 * library. One compiled with a newer header: its struct goes on, and may as long as nothing in the
 * rest is used. */
static void takes_structs_of_other_releases(void) {
  struct older {
    uint32_t struct_size;
    int32_t threads;
    const char *quantize, *compute;
    unsigned char behind[64];
  } older;
  struct newer {
    svft_model_params known;
    uint64_t later[2];
  } newer;
  svft_model *model = NULL;
  memset(&older, 0xEE, sizeof older);
  if (works_at(__FILE__, __LINE__, svft_model_params_init((svft_model_params *)&older, 24),
               "an older host")) {
    EXPECT(older.struct_size == 24 && older.threads == 0 && !older.quantize && !older.compute);
    EXPECT(older.behind[0] == 0xEE && older.behind[63] == 0xEE);
    older.quantize = "q8_0";
    WORKS(svft_model_load(fixture("llama"), (svft_model_params *)&older, &model));
    svft_model_free(model);
  }
  memset(&newer, 0xEE, sizeof newer);
  WORKS(svft_model_params_init(&newer.known, sizeof newer));
  EXPECT(newer.known.struct_size == sizeof newer && !newer.later[0] && !newer.later[1]);
  model = NULL;
  WORKS(svft_model_load(fixture("llama"), &newer.known, &model));
  svft_model_free(model);
  newer.later[1] = 1;
  REFUSES("does not have", svft_model_load(fixture("llama"), &newer.known, &model));
}

/* Freeing with the wrong function frees nothing and says so; NULL is fine everywhere. */
static void frees_only_its_own(svft_model *model, svft_adapter *adapter, svft_trainer *trainer) {
  char *text = NULL;
  svft_model_free((svft_model *)trainer);
  EXPECT(strstr(svft_last_error(), "model: expected a handle"));
  svft_adapter_free((svft_adapter *)model);
  EXPECT(strstr(svft_last_error(), "adapter: expected a handle"));
  svft_trainer_free((svft_trainer *)adapter);
  EXPECT(strstr(svft_last_error(), "trainer: expected a handle"));
  svft_model_free(NULL);
  svft_adapter_free(NULL);
  svft_trainer_free(NULL);
  svft_string_free(NULL);
  if (WORKS(svft_trainer_describe(trainer, &text))) svft_string_free(text);
}

int main(int argc, char **argv) {
  svft_model *model;
  svft_adapter *adapter;
  svft_trainer *trainer;
  if (argc != 2 || !argv[1]) return 2;
  EXPECT(strcmp(svft_last_error(), "") == 0);
  if (!WORKS(svft_model_load(fixture("llama"), NULL, &model)) ||
      !WORKS(svft_adapter_create(model, "{\"method\": \"lora\"}", &adapter)) ||
      !WORKS(svft_trainer_create(adapter, fixture("tales.jsonl"), NULL, NULL, NULL, &trainer)))
    return finish();

  refuses_models(NULL, "model: expected a handle, found NULL");
  refuses_models((svft_model *)adapter, "found one of a Adapter");
  refuses_models((svft_model *)trainer, "found one of a Trainer");
  refuses_adapters(NULL, "adapter: expected a handle, found NULL");
  refuses_adapters((svft_adapter *)model, "found one of a Model");
  refuses_adapters((svft_adapter *)trainer, "found one of a Trainer");
  refuses_trainers(NULL, "trainer: expected a handle, found NULL");
  refuses_trainers((svft_trainer *)model, "found one of a Model");
  refuses_trainers((svft_trainer *)adapter, "found one of a Adapter");
  refuses_sessions(NULL, "session: expected a handle, found NULL");
  refuses_sessions((svft_session *)model, "found one of a Model");
  refuses_null_pointers(model, adapter);
  refuses_null_in_sessions(model);
  refuses_struct_sizes(adapter);
  takes_structs_of_other_releases();
  frees_only_its_own(model, adapter, trainer);

  /* Parents first: children keep them alive. */
  svft_model_free(model);
  svft_adapter_free(adapter);
  EXPECT(svft_trainer_run(trainer, NULL, NULL) == SVFT_STATE);
  svft_trainer_free(trainer);
  return finish();
}
