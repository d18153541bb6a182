/* Paths behind which there is no plain file: pipes that nobody writes to, endless and full devices,
 * links in a circle, folders in place of files, names of any length. Every call comes back soon
 * with a sentence; none waits, reads for ever or writes through. */
#define _XOPEN_SOURCE 700

#include "expect.h"
#include "files.h"

#include <unistd.h>

static svft_model *model;
static svft_adapter *adapter;

/* Everything that reads a path, on this one; each must fail with one of these two statuses. */
static void cannot_read(const char *path, svft_status one, svft_status other) {
  svft_model *loaded = NULL;
  svft_adapter *attached = NULL;
  svft_trainer *trainer = NULL;
  char *out = NULL;
  svft_status found[] = {svft_model_load(path, NULL, &loaded), svft_inspect(path, NULL, &out),
                         svft_adapter_load(model, path, 1, &attached),
                         svft_trainer_create(adapter, path, NULL, NULL, NULL, &trainer),
                         svft_evaluate(model, path, NULL, NULL, NULL, &out),
                         svft_plot(path, "/dev/null")};
  for (size_t i = 0; i < sizeof found / sizeof *found; i++)
    if (!EXPECT(found[i] == one || found[i] == other))
      fprintf(stderr, "  call %zu on %.60s: %d %s\n", i, path, found[i], svft_last_error());
  EXPECT(!loaded && !attached && !trainer && !out);
}

/* Everything that writes to a path. */
static void cannot_write(const char *path, svft_status one, svft_status other) {
  char *out = NULL;
  svft_trainer *trainer = NULL;
  svft_status found[] = {svft_model_save(model, path, NULL, NULL, NULL, NULL, &out),
                         svft_adapter_save(adapter, path),
                         svft_adapter_export(adapter, path, "{\"to\": \"peft\"}", &out),
                         svft_trainer_create(adapter, fixture("tales.jsonl"), NULL, path, NULL,
                                             &trainer)};
  for (size_t i = 0; i < sizeof found / sizeof *found; i++)
    if (!EXPECT(found[i] == one || found[i] == other))
      fprintf(stderr, "  call %zu to %.60s: %d %s\n", i, path, found[i], svft_last_error());
  EXPECT(!trainer && !out);
}

/* A model folder and data whose parts are pipes. */
static void waits_for_no_pipe(const char *scratch) {
  static const char *const parts[] = {"config.json", "model.safetensors", "tokenizer.json"};
  svft_model *loaded = NULL;
  for (int i = 0; i < 3; i++) {
    const char *spoilt = copy_model("llama", scratch, parts[i]);
    unlink(in(spoilt, parts[i]));
    EXPECT(mkfifo(in(spoilt, parts[i]), 0600) == 0);
    FAILS(SVFT_IO, parts[i], svft_model_load(spoilt, NULL, &loaded));
  }
  const char *pipe = in(scratch, "pipe.jsonl"), *gguf = in(scratch, "pipe.gguf");
  EXPECT(mkfifo(pipe, 0600) == 0 && mkfifo(gguf, 0600) == 0);
  cannot_read(pipe, SVFT_IO, SVFT_DATA);
  cannot_read(gguf, SVFT_IO, SVFT_DATA);
  cannot_write(gguf, SVFT_IO, SVFT_INVALID_ARGUMENT);
}

static void survives_names(const char *scratch) {
  char *name = needed(malloc(1 << 20), "name");
  memset(name, 'n', 1 << 20);
  name[(1 << 20) - 1] = 0;
  cannot_read(name, SVFT_IO, SVFT_IO);
  cannot_write(name, SVFT_IO, SVFT_IO);
  free(name);
  cannot_read("", SVFT_INVALID_ARGUMENT, SVFT_IO);
  cannot_write("", SVFT_INVALID_ARGUMENT, SVFT_IO);
  cannot_read(in(scratch, "a\nb"), SVFT_IO, SVFT_IO);
  WORKS(svft_adapter_save(adapter, in(scratch, "spaces \xc3\xa9 \n\t'\"")));
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  const char *loop = in(argv[1], "loop"), *file = write_text(in(argv[1], "file"), "x");
  alarm(120); /* for whatever would wait for ever */
  if (!WORKS(svft_model_load(fixture("llama"), NULL, &model)) ||
      !WORKS(svft_adapter_create(model, "{\"method\": \"lora\"}", &adapter)))
    return finish();
  EXPECT(symlink(loop, loop) == 0);
  cannot_read(loop, SVFT_IO, SVFT_IO);
  cannot_write(loop, SVFT_IO, SVFT_IO);
  cannot_read("/dev/zero", SVFT_IO, SVFT_DATA);
  cannot_read("/dev/null", SVFT_IO, SVFT_DATA);
  cannot_write("/dev/full", SVFT_IO, SVFT_IO);
  cannot_write(file, SVFT_IO, SVFT_IO);
  cannot_write("/proc/self/nothing", SVFT_IO, SVFT_IO);
  cannot_read(argv[1], SVFT_IO, SVFT_FORMAT);
  waits_for_no_pipe(argv[1]);
  survives_names(argv[1]);
  svft_adapter_free(adapter);
  svft_model_free(model);
  return finish();
}
