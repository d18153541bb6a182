/* Continues a prompt through libsvft's C door, greedily, as a host program would: load, generate,
 * print, free. The demo compares its output with the other doors.
 *
 *     cc -Ibuild/include generate.c -Lbuild/lib -lsvft && ./a.out MODEL PROMPT */
#include <stdio.h>
#include <svft.h>

static int failed(const char *doing) {
  fprintf(stderr, "%s: %s\n", doing, svft_last_error());
  return 1;
}

int main(int argc, char **argv) {
  svft_model *model = NULL;
  svft_generation_params params;
  char *text = NULL;

  if (argc != 3) return fputs("usage: generate MODEL PROMPT\n", stderr), 2;
  if (svft_model_load(argv[1], NULL, &model) != SVFT_OK) return failed("load");
  svft_generation_params_init(&params, sizeof params);
  params.temperature = 0; /* greedy */
  params.max_tokens = 60;
  const char *prompt = argv[2];
  svft_status status = svft_generate(model, &prompt, 1, &params, NULL, NULL, &text);
  svft_model_free(model);
  if (status != SVFT_OK) return failed("generate");
  puts(text);
  svft_string_free(text);
  return 0;
}
