/* Training data that is empty, broken, mixed or out of range: SVFT_DATA with the line. Losses that
 * are no number: the step is skipped and the adapter stays as it was, bit for bit; ten in a row are
 * SVFT_NON_FINITE. */
#include "expect.h"
#include "files.h"

static svft_status train_on(svft_adapter *adapter, const char *data) {
  svft_trainer *trainer = NULL;
  svft_status status = svft_trainer_create(adapter, data, NULL, NULL, NULL, &trainer);
  svft_trainer_free(trainer);
  return status;
}

/* Data files for a language model, and what the sentence about each must hold. */
static void refuses_records(svft_adapter *adapter, const char *scratch) {
  static const struct {
    const char *text, *words;
  } cases[] = {
      {"", "found none"},
      {"\n\n  \n", "found none"},
      {"{\"text\": \"a\"}\n{\"text\": \"b\"\n", "line 2"},
      {"{\"text\": \"a\"}\n\n[1, 2]\n", "line 3"},
      {"{\"text\": \"a\"}\n{\"prompt\": \"b\"}\n", "line 2"},
      {"{\"text\": \"a\"}\n{\"story\": \"b\"}\n", "line 2"},
      {"{\"text\": null}\n", "line 1"},
      {"{\"text\": 7}\n", "line 1"},
      {"{\"text\": \"a\"}\n{\"text\": \"\xff\"}\n", "line 2"},
      {"{\"text\": \"a\"}\n{\"text\": \"\\ud800\"}\n", "line 2"},
      {"{\"input_ids\": [1, 2, 408]}\n", "line 1"},
      {"{\"input_ids\": [1, -2, 3]}\n", "line 1"},
      {"{\"input_ids\": [1, 2, 3], \"labels\": [1, 2]}\n", "line 1"},
      {"{\"input_ids\": [1, 2, 3], \"labels\": [1, 2, 999]}\n", "line 1"},
      {"{\"input_ids\": [1, 2, 3], \"labels\": [1, 2, -5]}\n", "line 1"},
      {"{\"input_ids\": [1, 2, 1e300]}\n", "line 1"},
      {"{\"messages\": []}\n", "line 1"},
      {"{\"messages\": [{\"role\": \"oracle\", \"content\": \"a\"}]}\n", "line 1"},
      {"{\"messages\": [{\"role\": \"user\", \"content\": null}]}\n", "line 1"},
      {"{\"text\": \"a\", \"label\": \"x\"}\n{\"text\": \"a\", \"label\": 3}\n", "label"},
      {"{\"text\": \"a\", \"label\": \"x\"}\n{\"text\": \"a\"}\n", "label"},
      {"{\"text\": \"a\", \"label\": {}}\n", "line 1"},
      {"{\"text\": \"a\", \"label\": 1e999}\n", "line 1"},
      {"[{\"text\": \"a\"}]\n", "line 1"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *path = write_text(in(scratch, "records.jsonl"), cases[i].text);
    if (!FAILS(SVFT_DATA, cases[i].words, train_on(adapter, path)))
      fprintf(stderr, "  for %s\n", cases[i].text);
    EXPECT(strstr(svft_last_error(), "records.jsonl"));
  }
  FAILS(SVFT_IO, "absent.jsonl", train_on(adapter, in(scratch, "absent.jsonl")));
  WORKS(train_on(adapter, write_text(in(scratch, "records.jsonl"),
                                     "\xef\xbb\xbf{\"text\": \"The sea.\"}\r\n\r\n")));
}

/* Classes: at least two, and in held-out data none that training does not know. */
static void refuses_classes(const char *scratch) {
  svft_model *model = NULL;
  svft_adapter *adapter = NULL;
  svft_trainer *trainer = NULL;
  char *report = NULL;
  const char *one = write_text(in(scratch, "one.jsonl"), "{\"text\": \"a\", \"label\": \"x\"}\n");
  if (!WORKS(svft_model_load(fixture("bert"), NULL, &model))) return;
  FAILS(SVFT_UNSUPPORTED, "head",
        svft_evaluate(model, fixture("questions.jsonl"), NULL, NULL, NULL, &report));
  if (WORKS(svft_adapter_create(model, "{\"method\": \"head\"}", &adapter))) {
    FAILS(SVFT_DATA, "two classes", train_on(adapter, one));
    FAILS(SVFT_DATA, "\"x\"",
          svft_trainer_create(adapter, fixture("questions.jsonl"), one, NULL, NULL, &trainer));
    FAILS(SVFT_UNSUPPORTED, "language head", train_on(adapter, fixture("tales.jsonl")));
  }
  svft_adapter_free(adapter);
  svft_model_free(model);
}

struct counts {
  int skipped, steps;
};

static int32_t count_events(void *user, const svft_train_progress *progress) {
  struct counts *counts = user;
  counts->skipped += strcmp(progress->event, "skipped") == 0;
  counts->steps += strcmp(progress->event, "step") == 0;
  return 0;
}

/* A copy of the llama fixture whose last norm is infinite: whatever it reads, its loss is none. */
static const char *make_endless_model(const char *scratch) {
  const char *model = copy_model("llama", scratch, "endless");
  struct bytes weights = read_file(in(model, "model.safetensors"));
  weights.at[weights.count - 2] = 0x00;
  weights.at[weights.count - 1] = 0x7c; /* infinity in F16 */
  write_file(in(model, "model.safetensors"), weights.at, weights.count);
  free(weights.at);
  return model;
}

static void skips_steps_without_a_loss(const char *scratch) {
  svft_model *model = NULL;
  svft_adapter *adapter = NULL;
  svft_trainer *trainer = NULL;
  svft_train_params params;
  struct counts counts = {0, 0};
  const char *before = in(scratch, "before"), *after = in(scratch, "after");
  svft_train_params_init(&params, sizeof params);
  params.epochs = 5;
  if (!WORKS(svft_model_load(make_endless_model(scratch), NULL, &model))) return;
  WORKS(svft_adapter_create(model, "{\"method\": \"lora\", \"r\": 2}", &adapter));
  WORKS(svft_adapter_save(adapter, before));
  WORKS(svft_trainer_create(adapter, fixture("tales.jsonl"), NULL, NULL, &params, &trainer));
  FAILS(SVFT_NON_FINITE, "ten skipped steps", svft_trainer_run(trainer, count_events, &counts));
  EXPECT(counts.skipped == 10 && counts.steps == 0);
  WORKS(svft_adapter_save(adapter, after));
  EXPECT(same_adapters(before, after));
  svft_trainer_free(trainer);
  svft_adapter_free(adapter);
  svft_model_free(model);
}

/* A generation from logits that are no numbers is an error, never a made-up token. */
static void generates_nothing_from_nothing(const char *scratch) {
  svft_model *model = NULL;
  const char *prompt = "The sea";
  char *text = NULL;
  if (!WORKS(svft_model_load(in(scratch, "endless"), NULL, &model))) return;
  FAILS(SVFT_NON_FINITE, "", svft_generate(model, &prompt, 1, NULL, NULL, NULL, &text));
  EXPECT(!text);
  svft_model_free(model);
}

int main(int argc, char **argv) {
  svft_model *model = NULL;
  svft_adapter *adapter = NULL;
  if (argc != 2 || !WORKS(svft_model_load(fixture("llama"), NULL, &model))) return 2;
  WORKS(svft_adapter_create(model, "{\"method\": \"svft\"}", &adapter));
  refuses_records(adapter, argv[1]);
  svft_adapter_free(adapter);
  svft_model_free(model);
  refuses_classes(argv[1]);
  skips_steps_without_a_loss(argv[1]);
  generates_nothing_from_nothing(argv[1]);
  return finish();
}
