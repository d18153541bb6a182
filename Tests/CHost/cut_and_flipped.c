/* Every file a user can hand in, cut at many lengths and with single bits turned over: a cut file
 * is refused (unless only white space is gone), a turned bit is refused or does no harm, and
 * nothing crashes or hangs. What loads after all is also run. */
#define _XOPEN_SOURCE 700

#include "expect.h"
#include "files.h"

static int refused, harmless;

/* What can be tried with a spoilt file; 0 means that it was taken. */
typedef svft_status attempt(const char *path);

static svft_status load_and_run(const char *path) {
  svft_model *model = NULL;
  const char *text = "The sea";
  const int32_t ids[] = {1, 5};
  static float logits[1 << 16];
  size_t count;
  char *about = NULL;
  svft_status status = svft_model_load(path, NULL, &model);
  if (status != SVFT_OK) return status;
  EXPECT(svft_model_describe(model, &about) == SVFT_OK);
  svft_string_free(about);
  svft_model_tokenize(model, text, 1, NULL, 0, &count);
  svft_model_logits(model, ids, 2, logits, sizeof logits / sizeof *logits, &count);
  svft_model_free(model);
  return SVFT_OK;
}

/* Loads an adapter onto the base it was made for. */
static svft_model *base;
static svft_status attach(const char *path) {
  svft_adapter *adapter = NULL;
  svft_status status = svft_adapter_load(base, path, 1, &adapter);
  svft_adapter_free(adapter);
  return status;
}

/* Restores a session of that base. */
static svft_status restore(const char *path) {
  svft_session *session = NULL;
  svft_status status = svft_session_load(base, path, NULL, &session);
  svft_session_free(session);
  return status;
}

static void make_session(const char *path) {
  svft_session *session = NULL;
  svft_generation_params params;
  char *text = NULL;
  svft_generation_params_init(&params, sizeof params);
  params.max_tokens = 4;
  if (!WORKS(svft_session_create(base, NULL, &session))) return;
  if (WORKS(svft_session_extend(session, "The lamp", &params, NULL, NULL, &text, NULL)))
    svft_string_free(text);
  WORKS(svft_session_save(session, path));
  svft_session_free(session);
}

static void tally(svft_status status) {
  EXPECT(status != SVFT_INTERNAL && svft_status_string(status)[0]);
  refused += status != SVFT_OK;
  harmless += status == SVFT_OK;
}

/* Cuts and flips the file `name` of the folder `whole` (or `whole` itself where name is NULL), and
 * tries the result each time. `step` is the distance between the lengths and places tried, ten
 * times smaller in the long loops. */
static void spoil(const char *whole, const char *name, size_t step, attempt *try) {
  const char *path = name ? in(whole, name) : whole;
  if (is_long()) step = (step + 9) / 10;
  struct bytes good = read_file(path);
  for (size_t length = 0; length < good.count; length += 1 + (length * 31 + 7) % (2 * step)) {
    write_file(path, good.at, length);
    svft_status status = try(whole);
    tally(status);
    if (status == SVFT_OK && !EXPECT(is_space_from(good, length)))
      fprintf(stderr, "  %s cut to %zu of %zu bytes\n", path, length, good.count);
  }
  for (size_t at = 0; at < good.count; at += 1 + (at * 17 + 5) % (2 * step)) {
    good.at[at] ^= (unsigned char)(1u << at % 8);
    write_file(path, good.at, good.count);
    tally(try(whole));
    good.at[at] ^= (unsigned char)(1u << at % 8);
  }
  write_file(path, good.at, good.count);
  free(good.at);
  WORKS(try(whole));
}

static void make_adapters(const char *scratch) {
  static const char *const methods[][2] = {
      {"lora", "{\"method\": \"lora\", \"targets\": [\"q_proj\"], \"r\": 1}"},
      {"svft", "{\"method\": \"svft\", \"targets\": [\"q_proj\"]}"}};
  for (int i = 0; i < 2; i++) {
    svft_adapter *adapter = NULL;
    if (WORKS(svft_adapter_create(base, methods[i][1], &adapter)))
      WORKS(svft_adapter_save(adapter, in(scratch, methods[i][0])));
    svft_adapter_free(adapter);
  }
}

int main(int argc, char **argv) {
  char *report = NULL;
  if (argc != 2 || !WORKS(svft_model_load(fixture("llama"), NULL, &base))) return 2;
  const char *llama = copy_model("llama", argv[1], "llama");
  const char *bert = copy_model("bert", argv[1], "bert"), *gguf = in(argv[1], "llama.gguf");
  WORKS(svft_model_save(base, gguf, "q8_0", NULL, NULL, NULL, &report));
  svft_string_free(report);
  make_adapters(argv[1]);
  make_session(in(argv[1], "talk.svfts"));

  spoil(llama, "config.json", 2, load_and_run);
  spoil(llama, "tokenizer.json", 40, load_and_run);
  spoil(llama, "model.safetensors", 400, load_and_run);
  spoil(bert, "config.json", 2, load_and_run);
  spoil(bert, "tokenizer.json", 20, load_and_run);
  spoil(gguf, NULL, 200, load_and_run);
  spoil(in(argv[1], "lora"), "adapter_config.json", 5, attach);
  spoil(in(argv[1], "lora"), "adapter_model.safetensors", 10, attach);
  spoil(in(argv[1], "svft"), "adapter_config.json", 20, attach);
  spoil(in(argv[1], "svft"), "adapter_model.safetensors", 20, attach);
  spoil(in(argv[1], "talk.svfts"), NULL, 10, restore);
  printf("%d spoilt files refused, %d harmless\n", refused, harmless);
  EXPECT(refused > 1000);
  svft_model_free(base);
  return finish();
}
