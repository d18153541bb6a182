/* Numbers and words no sane caller means: not-a-number, negative and huge values in every params
 * struct, counts near SIZE_MAX, buffers too small, ids outside the vocabulary, text that is no
 * UTF-8, options that are no JSON. Each gets a status and a sentence with the field's name. */
#include "expect.h"
#include "files.h"

#include <limits.h>
#include <math.h>

#define REFUSES(words, call) FAILS(SVFT_INVALID_ARGUMENT, words, call)

static svft_status load_with(svft_model_params params) {
  svft_model *model = NULL;
  svft_status status = svft_model_load(fixture("llama"), &params, &model);
  svft_model_free(model);
  return status;
}

static void refuses_loading(void) {
  svft_model_params good, bad;
  svft_model_params_init(&good, sizeof good);
#define BAD(field, value, status, words) \
  bad = good, bad.field = (value), FAILS(status, words, load_with(bad))
  BAD(threads, -1, SVFT_INVALID_ARGUMENT, "threads");
  BAD(threads, INT32_MIN, SVFT_INVALID_ARGUMENT, "threads");
  BAD(threads, INT32_MAX, SVFT_INVALID_ARGUMENT, "threads");
  BAD(quantize, "q99_z", SVFT_UNSUPPORTED, "q99_z");
  BAD(quantize, "\xff", SVFT_INVALID_ARGUMENT, "quantize");
  BAD(compute, "f64", SVFT_INVALID_ARGUMENT, "compute");
  BAD(kv_format, "q9", SVFT_UNSUPPORTED, "q9");
  BAD(kv_format, "\xff", SVFT_INVALID_ARGUMENT, "kv_format");
  BAD(latents, "\xff", SVFT_INVALID_ARGUMENT, "latents");
  BAD(memory_limit, UINT64_MAX, SVFT_LIMIT, "memory_limit");
  BAD(context_length, -1, SVFT_INVALID_ARGUMENT, "context_length");
  BAD(context_length, INT32_MAX, SVFT_INVALID_ARGUMENT, "context_length");
  BAD(cache_folder, "\xc0\x80", SVFT_INVALID_ARGUMENT, "cache_folder");
#undef BAD
}

static svft_status generate_with(svft_model *model, svft_generation_params params) {
  const char *prompt = "The sea";
  char *text = NULL;
  svft_status status = svft_generate(model, &prompt, 1, &params, NULL, NULL, &text);
  svft_string_free(text);
  return status;
}

static void refuses_generation(svft_model *model) {
  svft_generation_params good, bad;
  const int32_t token = 1, strange = 1 << 30, negative = -1;
  const float number = 1, nan_value = NAN;
  const char *const nothing[] = {NULL}, *const empty[] = {""}, *const broken[] = {"\x80"};
  svft_generation_params_init(&good, sizeof good);
  good.max_tokens = 2;
  good.bias_tokens = &token;
  good.bias_values = &number;
#define BAD(field, value, words) \
  bad = good, bad.field = (value), REFUSES(words, generate_with(model, bad))
  BAD(max_tokens, -1, "max_tokens");
  BAD(max_tokens, INT32_MAX, "max_tokens");
  BAD(temperature, NAN, "temperature");
  BAD(temperature, -1, "temperature");
  BAD(temperature, INFINITY, "temperature");
  BAD(top_k, -5, "top_k");
  BAD(top_p, 2, "top_p");
  BAD(top_p, NAN, "top_p");
  BAD(min_p, -0.5f, "min_p");
  BAD(repetition_penalty, 0, "repetition_penalty");
  BAD(repetition_penalty, NAN, "repetition_penalty");
  BAD(frequency_penalty, INFINITY, "frequency_penalty");
  BAD(presence_penalty, NAN, "presence_penalty");
  BAD(penalty_window, INT32_MIN, "penalty_window");
  BAD(bias_count, SIZE_MAX, "bias_tokens");
  good.bias_count = 1;
  BAD(bias_tokens, NULL, "bias_tokens");
  BAD(bias_values, NULL, "bias_values");
  BAD(bias_tokens, &strange, "logit_bias");
  BAD(bias_tokens, &negative, "logit_bias");
  BAD(bias_values, &nan_value, "logit_bias");
  good.stop_string_count = good.stop_token_count = 1;
  good.stop_tokens = &token;
  BAD(stop_strings, NULL, "stop_strings");
  BAD(stop_strings, nothing, "stop_strings[0]");
  BAD(stop_strings, empty, "stop string 0");
  BAD(stop_strings, broken, "stop_strings[0]");
  good.stop_strings = empty;
  BAD(stop_tokens, NULL, "stop_tokens");
  BAD(stop_string_count, SIZE_MAX, "stop_strings");
  BAD(stop_token_count, SIZE_MAX / 2, "stop_tokens");
#undef BAD
}

static svft_status train_with(svft_adapter *adapter, svft_train_params params) {
  svft_trainer *trainer = NULL;
  svft_status status =
      svft_trainer_create(adapter, fixture("tales.jsonl"), NULL, NULL, &params, &trainer);
  svft_trainer_free(trainer);
  return status;
}

static void refuses_training(svft_adapter *adapter) {
  svft_train_params good, bad;
  svft_train_params_init(&good, sizeof good);
  WORKS(train_with(adapter, good));
#define BAD(field, value, words) \
  bad = good, bad.field = (value), REFUSES(words, train_with(adapter, bad))
  BAD(epochs, -1, "epochs");
  BAD(epochs, INT32_MAX, "epochs");
  BAD(epochs, 0, "epochs");
  BAD(steps, INT64_MAX, "steps");
  BAD(steps, INT64_MIN, "steps");
  BAD(batch_size, 0, "batch_size");
  BAD(batch_size, INT32_MAX, "batch_size");
  BAD(grad_accumulation_steps, -3, "grad_accumulation_steps");
  BAD(learning_rate, NAN, "learning_rate");
  BAD(learning_rate, -1e-3, "learning_rate");
  BAD(head_learning_rate, INFINITY, "head_learning_rate");
  BAD(optimizer, "lion", "optimizer");
  BAD(lr_schedule, "", "lr_schedule");
  BAD(warmup_steps, -1, "warmup_steps");
  BAD(warmup_ratio, 1.5, "warmup_ratio");
  BAD(weight_decay, NAN, "weight_decay");
  BAD(beta1, 1, "beta1");
  BAD(beta2, -0.1, "beta2");
  BAD(epsilon, -INFINITY, "epsilon");
  BAD(momentum, 2, "momentum");
  BAD(max_grad_norm, -1, "max_grad_norm");
  BAD(max_seq_length, 1, "max_seq_length");
  BAD(max_seq_length, INT32_MIN, "max_seq_length");
  BAD(on_long, "cut", "on_long");
  BAD(loss_on, "\xff", "loss_on");
  BAD(chat_layout, "llama9", "chat_layout");
  BAD(val_split, 1, "val_split");
  BAD(val_split, NAN, "val_split");
  BAD(steps_per_eval, INT64_MAX, "steps_per_eval");
  BAD(patience, -1, "patience");
  BAD(save_every, -1, "save_every");
  BAD(save_total_limit, 0, "save_total_limit");
  BAD(steps_per_report, 0, "steps_per_report");
  BAD(resume, 1, "resume");
#undef BAD
}

static void refuses_counts_and_ids(svft_model *model) {
  const int32_t ids[] = {1, 2, 3}, unknown[] = {1, 408}, negative[] = {INT32_MIN, 1};
  const char *texts[] = {"a", "b"};
  float numbers[4];
  size_t count;
  char *text;
  REFUSES("ids", svft_model_detokenize(model, ids, SIZE_MAX, &text));
  REFUSES("ids", svft_model_logits(model, ids, SIZE_MAX / 2, numbers, 4, &count));
  REFUSES("408", svft_model_logits(model, unknown, 2, numbers, 4, &count));
  REFUSES("token", svft_model_logits(model, negative, 2, numbers, 4, &count));
  REFUSES("408", svft_model_detokenize(model, unknown, 2, &text));
  REFUSES("prompts", svft_generate(model, texts, SIZE_MAX, NULL, NULL, NULL, &text));
  REFUSES("texts", svft_embed(model, texts, SIZE_MAX, numbers, 4, &count));
  REFUSES("texts", svft_classify(model, texts, NULL, SIZE_MAX, &text));
}

/* The one rule of buffers: too small is SVFT_LIMIT, the count comes out, nothing is written. */
static void sizes_buffers(svft_model *model) {
  const char *words = "The keeper lit the lamp.";
  int32_t ids[64];
  float logits[8];
  size_t count = 0, numbers = 0;
  FAILS(SVFT_LIMIT, "room for 0", svft_model_tokenize(model, words, 1, NULL, 0, &count));
  EXPECT(count > 3 && count < 64);
  ids[0] = -7;
  FAILS(SVFT_LIMIT, "room for 2", svft_model_tokenize(model, words, 1, ids, 2, &numbers));
  EXPECT(numbers == count && ids[0] == -7);
  FAILS(SVFT_LIMIT, "room", svft_model_tokenize(model, words, 1, NULL, 64, &numbers));
  WORKS(svft_model_tokenize(model, words, 1, ids, count, &numbers));
  logits[0] = -7;
  FAILS(SVFT_LIMIT, "room for 8", svft_model_logits(model, ids, count, logits, 8, &numbers));
  EXPECT(numbers == count * 408 && logits[0] == -7);
}

static void refuses_text_and_json(svft_model *model, svft_adapter *adapter) {
  static const char *const broken[] = {"\xff", "a\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80"};
  static const char *const options[] = {
      "",        "{",          "[1]",      "nothing", "{\"method\": 3}",
            "{\"method\": \"svft\", \"d\": -1}",
      "{\"method\": \"svft\", \"pattern\": \"banded\", \"d\": 1e300}",
      "{\"method\": \"svft\", \"unheard_of\": 1}", "{\"method\": \"lora\", \"r\": 0}",
      "{\"method\": \"lora\", \"r\": 9223372036854775807}",
      "{\"method\": \"svft\", \"seed\": \"x\"}", "{\"method\": \"svft\", \"targets\": 5}"};
  int32_t ids[8];
  size_t count;
  char *text;
  svft_adapter *other;
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
    REFUSES("text: expected UTF-8", svft_model_tokenize(model, broken[i], 0, ids, 8, &count));
    REFUSES("prompts[0]", svft_generate(model, &broken[i], 1, NULL, NULL, NULL, &text));
    REFUSES("path: expected UTF-8", svft_adapter_save(adapter, broken[i]));
  }
  for (size_t i = 0; i < sizeof options / sizeof *options; i++)
    REFUSES("", svft_adapter_create(model, options[i], &other));
  FAILS(SVFT_UNSUPPORTED, "magic", svft_adapter_create(model, "{\"method\": \"magic\"}", &other));
  REFUSES("finite", svft_adapter_set_scale(adapter, NAN));
  REFUSES("finite", svft_adapter_set_scale(adapter, -INFINITY));
  REFUSES("colour", svft_inspect(fixture("llama"), "{\"colour\": 1}", &text));
  REFUSES("batch", svft_estimate(fixture("llama"), NULL, "{\"batch\": -1}", &text));
  REFUSES("prompt", svft_model_bench(model, "{\"prompt\": -1}", &text));
  REFUSES("repeats", svft_model_bench(model, "{\"repeats\": 1e99}", &text));
  REFUSES("x: unknown",
          svft_evaluate(model, fixture("tales.jsonl"), "{\"x\": 1}", NULL, NULL, &text));
  REFUSES("", svft_adapter_export(adapter, "x", "{\"to\": \"stone\"}", &text));
  REFUSES("from", svft_adapter_import(model, "x", "{\"from\": \"stone\"}", &other, &text));
  REFUSES("at least one", svft_adapter_sum(NULL, 0, NULL, &other, &text));
  REFUSES("count", svft_adapter_sum(&adapter, SIZE_MAX, NULL, &other, &text));
  REFUSES("found NULL", svft_adapter_sum(NULL, 2, NULL, &other, &text));
  REFUSES("rule", svft_adapter_sum(&adapter, 1, "{\"rule\": \"vote\"}", &other, &text));
  REFUSES("density", svft_adapter_sum(
                         &adapter, 1, "{\"rule\": \"ties\", \"density\": 1e308}", &other, &text));
}

int main(int argc, char **argv) {
  svft_model *model;
  svft_adapter *adapter;
  if (argc != 2 || !argv[1]) return 2;
  if (!WORKS(svft_model_load(fixture("llama"), NULL, &model)) ||
      !WORKS(svft_adapter_create(model, "{\"method\": \"svft\"}", &adapter)))
    return finish();
  refuses_loading();
  refuses_generation(model);
  refuses_training(adapter);
  refuses_counts_and_ids(model);
  sizes_buffers(model);
  refuses_text_and_json(model, adapter);
  svft_adapter_free(adapter);
  svft_model_free(model);
  return finish();
}
