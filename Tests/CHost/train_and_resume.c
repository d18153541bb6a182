/* A host that fine-tunes: it trains an SVFT adapter, is interrupted in the middle of an epoch, goes
 * on from the checkpoint with a model loaded anew, and gets the same file, byte for byte, as a run
 * that nobody interrupted. Then it loads the adapter, merges it and generates. */
#include "models.h"

static const char *const method =
    "{\"method\": \"svft\", \"pattern\": \"banded\", \"d\": 2, \"targets\": \"all-linear\"}";

/* What the callback sees, and when it stops the run. */
struct watch {
  int64_t stop_at;
  int64_t last_step;
  int steps, checkpoints, finished;
  double first_loss, last_loss;
};

static int32_t on_progress(void *user, const svft_train_progress *progress) {
  struct watch *watch = user;
  watch->last_step = progress->step;
  watch->checkpoints += strcmp(progress->event, "checkpoint") == 0;
  watch->finished += strcmp(progress->event, "finished") == 0;
  if (strcmp(progress->event, "step") != 0) return 0;
  if (watch->steps++ == 0) watch->first_loss = progress->loss;
  watch->last_loss = progress->loss;
  return watch->stop_at > 0 && progress->step >= watch->stop_at;
}

static svft_status run(const char *output, int resume, int threads, struct watch *watch) {
  struct training training = {method, threads, {0}, on_progress, watch};
  svft_train_params_init(&training.params, sizeof training.params);
  training.params.epochs = 3;
  training.params.batch_size = 2;
  training.params.grad_accumulation_steps = 2;
  training.params.learning_rate = 0.05;
  training.params.seed = 7;
  training.params.steps_per_report = 1;
  training.params.resume = resume;
  return train(&training, output);
}

static void trains_and_resumes(const char *whole, const char *parts) {
  struct watch steady = {0}, first = {0}, second = {0};
  first.stop_at = 8; /* of 18, six to an epoch */

  WORKS(run(whole, 0, 2, &steady));
  EXPECT(steady.steps == 18 && steady.last_step == 18 && steady.finished == 1);
  EXPECT(steady.last_loss < 0.9 * steady.first_loss);

  FAILS(SVFT_CANCELLED, "step 8", run(parts, 0, 2, &first));
  EXPECT(first.last_step == 8 && !exists(in(parts, "adapter_model.safetensors")));
  WORKS(run(parts, 1, 1, &second));
  EXPECT(second.steps == 10 && second.last_step == 18 && second.finished == 1);

  EXPECT(same_adapters(whole, parts));
  WORKS(svft_plot(in(parts, "metrics.jsonl"), in(parts, "loss.svg")));
  EXPECT(exists(in(parts, "loss.svg")));
}

/* The trained adapter, attached and merged, writes the same text, and not that of the base. */
static void merges_and_generates(const char *trained, const char *merged) {
  svft_model *model = NULL, *saved = NULL;
  svft_adapter *adapter = NULL;
  const char *prompt = "The keeper of the";
  char *base = NULL, *attached = NULL, *from_file = NULL, *report = NULL;

  if (!WORKS(svft_model_load(fixture("llama"), NULL, &model))) return;
  base = continued(model, prompt);
  if (WORKS(svft_adapter_load(model, trained, 1, &adapter))) attached = continued(model, prompt);
  WORKS(svft_model_save(model, merged, "f32", NULL, NULL, NULL, &report));
  if (WORKS(svft_model_load(merged, NULL, &saved))) from_file = continued(saved, prompt);

  EXPECT(base && attached && strcmp(base, attached) != 0);
  EXPECT(attached && from_file && strcmp(attached, from_file) == 0);
  EXPECT(report && strstr(report, "\"drift\""));

  svft_string_free(base);
  svft_string_free(attached);
  svft_string_free(from_file);
  svft_string_free(report);
  svft_model_free(saved);
  svft_adapter_free(adapter);
  svft_model_free(model);
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  if (svft_abi_version() != SVFT_ABI_VERSION) return 2;
  const char *whole = in(argv[1], "whole"), *parts = in(argv[1], "parts");
  trains_and_resumes(whole, parts);
  merges_and_generates(parts, in(argv[1], "merged"));
  return finish();
}
