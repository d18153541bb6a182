/* A first token as a host in C has it: the process that speed.py starts anew for every sample.
 *
 *   start MODEL THREADS     from the program's start to its end: load, a prompt of eight ids, exit
 *
 * Prints its peak resident memory in KiB: what wait4 tells of a child counts the memory that its
 * parent had when it started it. speed.py compiles it beside its figures and takes the time from
 * outside. */
#include <stdio.h>
#include <stdlib.h>
#include <svft.h>

static int failed(void) {
  fprintf(stderr, "%s\n", svft_last_error());
  return 1;
}

static long peak(void) {
  char line[128];
  long kibibytes = 0;
  FILE *status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status)) {
    if (sscanf(line, "VmHWM: %ld", &kibibytes) == 1) break;
  }
  if (status) fclose(status);
  return kibibytes;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  svft_model_params how;
  svft_generation_params what;
  svft_model_params_init(&how, sizeof how);
  svft_generation_params_init(&what, sizeof what);
  how.threads = atoi(argv[2]);
  what.max_tokens = 1;
  what.temperature = 0;
  svft_model *model;
  if (svft_model_load(argv[1], &how, &model) != SVFT_OK) return failed();
  const int32_t ids[] = {300, 301, 302, 303, 304, 305, 306, 307}, *prompts[] = {ids};
  const size_t lengths[] = {sizeof ids / sizeof *ids};
  char *text;
  if (svft_generate_tokens(model, prompts, lengths, 1, &what, NULL, NULL, &text) != SVFT_OK) {
    return failed();
  }
  svft_string_free(text);
  svft_model_free(model);
  printf("%ld\n", peak());
  return 0;
}
