/* A disk that is full, and memory that is short. Files may not grow beyond a limit (the host
 * ignores SIGXFSZ, as hosts that care do): saving is SVFT_NO_SPACE, what stood there before is
 * whole, and nothing half-written is left. A memory limit of the model is SVFT_MEMORY. */
#define _XOPEN_SOURCE 700

#include "expect.h"
#include "files.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>

/* Lets files grow to at most this many bytes, or as far as they could before for 0. */
static void limit_files(rlim_t bytes) {
  struct rlimit limit;
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes ? bytes : limit.rlim_max;
  setrlimit(RLIMIT_FSIZE, &limit);
}

static int warnings;
static void count_warnings(void *user, int32_t level, const char *text) {
  EXPECT(user == &warnings && text[0]);
  warnings += level == 1 && strstr(text, "not kept") != NULL;
}

/* Names in a folder that libsvft gives to what is not finished. */
static int leftovers(const char *path) {
  int count = 0;
  DIR *folder = needed(opendir(path), path);
  for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
    count += strncmp(entry->d_name, ".svft-tmp", 9) == 0;
  closedir(folder);
  return count;
}

/* A session that has no room is as it was, in memory and in its file. */
static void keeps_sessions(svft_model *model, const char *scratch) {
  const char *saved = in(scratch, "talk.svfts"), *before = in(scratch, "before.svfts");
  svft_session *session = NULL;
  char *text = NULL;
  if (!WORKS(svft_session_create(model, NULL, &session))) return;
  if (WORKS(svft_session_extend(session, "The lamp", NULL, NULL, NULL, &text, NULL)))
    svft_string_free(text);
  WORKS(svft_session_save(session, saved));
  copy_file(saved, before);
  limit_files(1000);
  FAILS(SVFT_NO_SPACE, "talk.svfts", svft_session_save(session, saved));
  limit_files(0);
  EXPECT(same_files(saved, before) && leftovers(scratch) == 0);
  WORKS(svft_session_save(session, saved));
  EXPECT(same_files(saved, before));
  svft_session_free(session);
}

static void keeps_what_was_saved(svft_model *model, svft_adapter *adapter, const char *scratch) {
  const char *saved = in(scratch, "adapter"), *before = in(scratch, "before.safetensors");
  const char *gguf = in(scratch, "model.gguf"), *merged = in(scratch, "merged");
  char *report = NULL;
  WORKS(svft_adapter_save(adapter, saved));
  WORKS(svft_model_save(model, merged, NULL, NULL, NULL, NULL, &report));
  svft_string_free(report);
  copy_file(in(saved, "adapter_model.safetensors"), before);

  limit_files(1000);
  FAILS(SVFT_NO_SPACE, "adapter", svft_adapter_save(adapter, saved));
  FAILS(SVFT_NO_SPACE, "merged", svft_model_save(model, merged, NULL, NULL, NULL, NULL, &report));
  FAILS(SVFT_NO_SPACE, "model.gguf", svft_model_save(model, gguf, NULL, NULL, NULL, NULL, &report));
  FAILS(SVFT_NO_SPACE, "peft",
        svft_adapter_export(adapter, in(scratch, "peft"), "{\"to\": \"peft\"}", &report));
  warnings = 0;
  WORKS(svft_model_factor(model, "all-linear", NULL, NULL)); /* works, but cannot keep them */
  EXPECT(warnings > 0);
  limit_files(0);

  EXPECT(same_files(in(saved, "adapter_model.safetensors"), before));
  EXPECT(exists(in(merged, "model.safetensors")) && !exists(gguf));
  EXPECT(leftovers(scratch) == 0 && leftovers(saved) == 0 && leftovers(merged) == 0);
  svft_model *again = NULL;
  if (WORKS(svft_model_load(merged, NULL, &again))) svft_model_free(again);
}

/* The disk fills up in the middle of a run: the last checkpoint stands, and with room again the run
 * goes on from it to its end. */
static void resumes_after_a_full_disk(svft_adapter *adapter, const char *scratch) {
  const char *output = in(scratch, "run");
  svft_trainer *trainer = NULL;
  svft_train_params params;
  double loss;
  svft_train_params_init(&params, sizeof params);
  params.save_every = 1;
  params.steps_per_report = 1;
  if (!WORKS(svft_trainer_create(adapter, fixture("tales.jsonl"), NULL, output, &params, &trainer)))
    return;
  WORKS(svft_trainer_step(trainer, &loss));
  WORKS(svft_trainer_step(trainer, &loss));
  limit_files(1000);
  FAILS(SVFT_NO_SPACE, "checkpoint-3", svft_trainer_run(trainer, NULL, NULL));
  limit_files(0);
  EXPECT(exists(in(output, "checkpoint-2/trainer_state.json")) && leftovers(output) == 0);
  EXPECT(!exists(in(output, "checkpoint-3")));
  svft_trainer_free(trainer);

  params.resume = 1;
  if (WORKS(svft_trainer_create(adapter, fixture("tales.jsonl"), NULL, output, &params, &trainer)))
    WORKS(svft_trainer_run(trainer, NULL, NULL));
  svft_trainer_free(trainer);
  EXPECT(exists(in(output, "adapter_model.safetensors")));
}

static void refuses_to_use_more_memory(void) {
  svft_model_params params;
  svft_generation_params generating;
  svft_model *model = NULL;
  const char *prompts[64];
  char *texts[64];
  svft_model_params_init(&params, sizeof params);
  params.memory_limit = 64 << 10;
  for (int i = 0; i < 64; i++) prompts[i] = "The keeper of the lighthouse";
  svft_generation_params_init(&generating, sizeof generating);
  generating.max_tokens = 100;
  svft_status status = svft_model_load(fixture("llama"), &params, &model);
  if (status == SVFT_OK)
    status = svft_generate(model, prompts, 64, &generating, NULL, NULL, texts);
  FAILS(SVFT_MEMORY, "memory_limit = 65536", status);
  svft_model_free(model);
}

int main(int argc, char **argv) {
  svft_model *model = NULL;
  svft_adapter *adapter = NULL;
  svft_model_params params;
  if (argc != 2 || signal(SIGXFSZ, SIG_IGN) == SIG_ERR) return 2;
  svft_set_log_callback(count_warnings, &warnings);
  svft_model_params_init(&params, sizeof params);
  params.cache_folder = folder(argv[1], "cache");
  if (!WORKS(svft_model_load(fixture("llama"), &params, &model))) return 2;
  WORKS(svft_adapter_create(model, "{\"method\": \"lora\"}", &adapter));
  keeps_what_was_saved(model, adapter, argv[1]);
  keeps_sessions(model, argv[1]);
  resumes_after_a_full_disk(adapter, argv[1]);
  svft_adapter_free(adapter);
  svft_model_free(model);
  refuses_to_use_more_memory();
  return finish();
}
