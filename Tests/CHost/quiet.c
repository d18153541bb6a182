/* The whole job in a host that minds its process: after loading, tokenising, training, generating
 * and saving, no signal handler, environment variable, locale, umask or floating-point mode has
 * changed, and nothing was printed. Threads come with the first computation, not before. The
 * working folder may change between calls. A child forked after use computes, trains and saves what
 * its parent does. */
#define _XOPEN_SOURCE 700

#include "process.h"

#include "expect.h"
#include "files.h"

#include <sys/wait.h>

static svft_model *load(void) {
  svft_model_params params;
  svft_model *model = NULL;
  svft_model_params_init(&params, sizeof params);
  params.threads = 3;
  WORKS(svft_model_load(fixture("llama"), &params, &model));
  return model;
}

/* What needs no computation. */
static void looks_at(svft_model *model) {
  char *about = NULL;
  size_t count = 0;
  WORKS(svft_model_describe(model, &about));
  svft_string_free(about);
  FAILS(SVFT_LIMIT, "", svft_model_tokenize(model, "The sea", 1, NULL, 0, &count));
  FAILS(SVFT_IO, "", svft_model_load("/nowhere", NULL, &model));
}

/* Adapter, training, text, file; the text is to be freed with svft_string_free. */
static char *use(svft_model *model, const char *output) {
  svft_adapter *adapter = NULL;
  svft_trainer *trainer = NULL;
  const char *prompt = "The captain";
  char *text = NULL;
  WORKS(svft_adapter_create(model, "{\"method\": \"svft\", \"pattern\": \"banded\"}", &adapter));
  WORKS(svft_trainer_create(adapter, fixture("tales.jsonl"), NULL, NULL, NULL, &trainer));
  WORKS(svft_trainer_run(trainer, NULL, NULL));
  WORKS(svft_generate(model, &prompt, 1, NULL, NULL, NULL, &text));
  WORKS(svft_adapter_save(adapter, output));
  svft_trainer_free(trainer);
  svft_adapter_free(adapter);
  return text;
}

static void leaves_the_process_alone(const char *scratch) {
  struct process before, loaded, after;
  look(&before);
  svft_model *model = load();
  looks_at(model);
  look(&loaded);
  EXPECT(differences(&before, &loaded, stderr) == 0);
  svft_string_free(use(model, in(scratch, "parent")));
  svft_model_free(model);
  look(&after);
  EXPECT(after.threads >= before.threads);
  after.threads = before.threads;
  EXPECT(differences(&before, &after, stderr) == 0);
}

static int in_a_child(svft_model *model, const char *output) {
  int status = 1;
  pid_t child = fork();
  if (child == 0) {
    expectations_failed = 0;
    svft_string_free(use(model, output));
    svft_model_free(model);
    _exit(finish());
  }
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* A model that was used before the fork serves both sides of it. */
static void survives_forks(const char *scratch) {
  svft_model *model = load();
  svft_string_free(use(model, in(scratch, "parent")));
  EXPECT(in_a_child(model, in(scratch, "child")));
  EXPECT(same_adapters(in(scratch, "parent"), in(scratch, "child")));
  svft_string_free(use(model, in(scratch, "again")));
  EXPECT(same_adapters(in(scratch, "parent"), in(scratch, "again")));
  EXPECT(in_a_child(model, in(scratch, "child")));
  svft_model_free(model);
}

/* Relative paths mean what they mean at the moment of the call, and are not needed later. */
static void survives_another_folder(const char *scratch) {
  svft_model *model = NULL;
  char *text = NULL, *report = NULL;
  copy_model("llama", scratch, "relative");
  if (chdir(scratch) != 0 || !WORKS(svft_model_load("relative", NULL, &model))) return;
  if (chdir("/") != 0) return;
  text = use(model, in(scratch, "elsewhere"));
  EXPECT(text && exists(in(scratch, "elsewhere/adapter_model.safetensors")));
  svft_string_free(text);
  if (chdir(scratch) != 0) return;
  WORKS(svft_model_save(model, "saved.gguf", NULL, NULL, NULL, NULL, &report));
  EXPECT(exists(in(scratch, "saved.gguf")));
  svft_string_free(report);
  svft_model_free(model);
}

int main(int argc, char **argv) {
  FILE *streams = tmpfile();
  int out = dup(1), err = dup(2);
  if (argc != 2 || !streams || out < 0 || err < 0) return 2;
  setvbuf(stderr, NULL, _IONBF, 0);
  dup2(fileno(streams), 1);
  dup2(fileno(streams), 2);
  leaves_the_process_alone(argv[1]);
  survives_forks(argv[1]);
  survives_another_folder(argv[1]);
  fflush(stdout);
  dup2(out, 1);
  dup2(err, 2);
  if (!EXPECT(size_of(streams) == 0)) {
    int next;
    for (rewind(streams); (next = getc(streams)) != EOF;) putc(next, stderr);
  }
  return finish();
}
