/* Files that are missing, cut short, not what they should be, unknown, of the wrong shape, or not
 * each other's: every one gets its status, a sentence that names the file or the tensor, and leaves
 * the model that was there usable. */
#define _XOPEN_SOURCE 700

#include "expect.h"
#include "files.h"

#include <unistd.h>

static svft_status load(const char *path) {
  svft_model *model = NULL;
  svft_status status = svft_model_load(path, NULL, &model);
  svft_model_free(model);
  return status;
}

static svft_status inspect(const char *path) {
  char *report = NULL;
  svft_status status = svft_inspect(path, NULL, &report);
  svft_string_free(report);
  return status;
}

/* What is no model at all. */
static void refuses_what_is_no_model(const char *scratch) {
  const char *empty = folder(scratch, "empty");
  const char *page = write_text(in(scratch, "page.gguf"), "<!DOCTYPE html><html></html>\n");
  const char *pointer = write_text(in(scratch, "pointer.safetensors"),
                                   "version https://git-lfs.github.com/spec/v1\n");
  const char *nothing = write_text(in(scratch, "nothing.gguf"), "");
  FAILS(SVFT_IO, "absent", load(in(scratch, "absent")));
  FAILS(SVFT_IO, "absent", inspect(in(scratch, "absent")));
  FAILS(SVFT_IO, "empty", load(empty));
  FAILS(SVFT_FORMAT, "page.gguf", load(page));
  FAILS(SVFT_FORMAT, "git-lfs pointer", inspect(pointer));
  FAILS(SVFT_TRUNCATED, "nothing.gguf", load(nothing));
  FAILS(SVFT_IO, "", load("/dev/null"));
  FAILS(SVFT_IO, "", load("/dev/zero"));
  FAILS(SVFT_INVALID_ARGUMENT, "empty", load(""));
  FAILS(SVFT_IO, "metrics", svft_plot(in(scratch, "no-metrics"), in(scratch, "x.svg")));
}

/* One spoilt part of a whole model folder. */
static void refuses_spoilt_parts(const char *scratch) {
  const char *model = copy_model("llama", scratch, "spoilt");
  const char *config = in(model, "config.json"), *weights = in(model, "model.safetensors");
  const char *tokenizer = in(model, "tokenizer.json");
  WORKS(load(model));

  truncate(weights, 40000);
  FAILS(SVFT_TRUNCATED, "model.safetensors", load(model));
  truncate(weights, 4);
  FAILS(SVFT_TRUNCATED, "model.safetensors", load(model));
  unlink(weights);
  FAILS(SVFT_IO, "safetensors", load(model));
  copy_model("llama", scratch, "spoilt");

  replace_text(config, "\"hidden_size\": 32", "\"hidden_size\": 64");
  FAILS(SVFT_SHAPE, "64", load(model));
  replace_text(config, "\"hidden_size\": 64", "\"hidden_size\": -32");
  FAILS(SVFT_FORMAT, "hidden_size", load(model));
  replace_text(config, "\"hidden_size\": -32", "\"hidden_size\": 32");
  replace_text(config, "\"model_type\": \"llama\"", "\"model_type\": \"oracle\"");
  FAILS(SVFT_UNSUPPORTED, "oracle", load(model));
  replace_text(config, "{", "[");
  FAILS(SVFT_FORMAT, "config.json", load(model));
  copy_model("llama", scratch, "spoilt");

  replace_text(tokenizer, "\"vocab\"", "\"vacob\"");
  FAILS(SVFT_FORMAT, "vocab", load(model));
  truncate(tokenizer, 3000);
  FAILS(SVFT_TRUNCATED, "tokenizer.json", load(model));
}

/* Trains `method` on the first model for two steps and saves it as `path`. */
static void make_adapter(svft_model *model, const char *method, const char *path) {
  svft_adapter *adapter = NULL;
  svft_trainer *trainer = NULL;
  double loss;
  if (WORKS(svft_adapter_create(model, method, &adapter)) &&
      WORKS(svft_trainer_create(adapter, fixture("tales.jsonl"), NULL, NULL, NULL, &trainer)) &&
      WORKS(svft_trainer_step(trainer, &loss)) && WORKS(svft_trainer_step(trainer, &loss)))
    WORKS(svft_adapter_save(adapter, path));
  svft_trainer_free(trainer);
  svft_adapter_free(adapter);
}

/* The same geometry with other numbers: an adapter of one is refused by the other. */
static svft_model *load_another_base(const char *scratch) {
  svft_model *other = NULL;
  const char *model = copy_model("llama", scratch, "another");
  struct bytes weights = read_file(in(model, "model.safetensors"));
  for (size_t i = weights.count - 40000; i < weights.count; i += 2) weights.at[i] ^= 0x55;
  write_file(in(model, "model.safetensors"), weights.at, weights.count);
  free(weights.at);
  WORKS(svft_model_load(model, NULL, &other));
  return other;
}

static void refuses_adapters(svft_model *model, const char *scratch) {
  const char *saved = in(scratch, "adapter"), *tensors = in(saved, "adapter_model.safetensors");
  const char *options = in(saved, "adapter_config.json");
  svft_model *other = load_another_base(scratch), *encoder = NULL;
  svft_adapter *adapter = NULL;

  make_adapter(model, "{\"method\": \"svft\", \"pattern\": \"banded\", \"d\": 1}", saved);
  WORKS(svft_adapter_load(model, saved, 1, &adapter));
  svft_adapter_free(adapter);
  FAILS(SVFT_MISMATCH, "base", svft_adapter_load(other, saved, 1, &adapter));
  if (WORKS(svft_model_load(fixture("bert"), NULL, &encoder)))
    FAILS(SVFT_MISMATCH, "model.layers", svft_adapter_load(encoder, saved, 1, &adapter));
  FAILS(SVFT_MISMATCH, "no_such_proj",
        svft_adapter_create(model, "{\"method\": \"lora\", \"targets\": [\"no_such_proj\"]}",
                            &adapter));
  FAILS(SVFT_MISMATCH, "no_such_proj", svft_model_factor(model, "no_such_proj", NULL, NULL));
  FAILS(SVFT_IO, "absent", svft_adapter_load(model, in(scratch, "absent"), 1, &adapter));

  truncate(tensors, 200);
  FAILS(SVFT_TRUNCATED, "adapter_model.safetensors", svft_adapter_load(model, saved, 1, &adapter));
  write_text(options, "{\"method\": ");
  FAILS(SVFT_TRUNCATED, "adapter_config.json", svft_adapter_load(model, saved, 1, &adapter));
  unlink(options);
  FAILS(SVFT_IO, "adapter_config.json", svft_adapter_load(model, saved, 1, &adapter));
  svft_model_free(encoder);
  svft_model_free(other);
}

/* Outputs where nothing may be put. */
static void refuses_places(svft_model *model, const char *scratch) {
  const char *mine = folder(scratch, "mine");
  char *report = NULL;
  svft_adapter *adapter = NULL;
  write_text(in(mine, "thesis.txt"), "irreplaceable");
  FAILS(SVFT_INVALID_ARGUMENT, "libsvft",
        svft_model_save(model, mine, NULL, NULL, NULL, NULL, &report));
  FAILS(SVFT_IO, "thesis.txt",
        svft_model_save(model, in(mine, "thesis.txt/x"), NULL, NULL, NULL, NULL, &report));
  FAILS(SVFT_UNSUPPORTED, "Q8_0",
        svft_model_save(model, in(scratch, "out"), "q8_0", NULL, NULL, NULL, &report));
  FAILS(SVFT_UNSUPPORTED, "q7_x",
        svft_model_save(model, in(scratch, "o.gguf"), "q7_x", NULL, NULL, NULL, &report));
  if (WORKS(svft_adapter_create(model, "{\"method\": \"svft\"}", &adapter)))
    FAILS(SVFT_IO, "thesis.txt", svft_adapter_save(adapter, in(mine, "thesis.txt")));
  svft_adapter_free(adapter);
  EXPECT(exists(in(mine, "thesis.txt")) && !exists(in(scratch, "out")));
}

int main(int argc, char **argv) {
  svft_model *model = NULL;
  svft_generation_params params;
  const char *prompt = "The sea";
  char *before = NULL, *after = NULL;
  if (argc != 2 || !WORKS(svft_model_load(fixture("llama"), NULL, &model))) return 2;
  svft_generation_params_init(&params, sizeof params);
  WORKS(svft_generate(model, &prompt, 1, &params, NULL, NULL, &before));

  refuses_what_is_no_model(argv[1]);
  refuses_spoilt_parts(argv[1]);
  refuses_adapters(model, argv[1]);
  refuses_places(model, argv[1]);

  WORKS(svft_generate(model, &prompt, 1, &params, NULL, NULL, &after));
  EXPECT(before && after && strcmp(before, after) == 0);
  svft_string_free(before);
  svft_string_free(after);
  svft_model_free(model);
  return finish();
}
