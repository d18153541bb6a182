/* Environments that trip other runtimes: malformed OMP, KMP and BLAS settings, a home that is not
 * there, a locale with a decimal comma. The program starts itself again in each of them; every one
 * must train the same adapter and write the same numbers as the plain one, and print nothing. */
#define _XOPEN_SOURCE 700

#include "expect.h"
#include "files.h"

#include <fcntl.h>
#include <locale.h>
#include <sys/wait.h>
#include <unistd.h>

/* Factors, trains, saves and reports; what a process in an odd environment does. */
static int work(const char *output) {
  svft_model *model = NULL;
  svft_adapter *adapter = NULL;
  svft_trainer *trainer = NULL;
  svft_train_params params;
  char *report = NULL;
  setlocale(LC_ALL, "");
  if (strcmp(setlocale(LC_NUMERIC, NULL), "comma") == 0)
    EXPECT(localeconv()->decimal_point[0] == ',');
  svft_train_params_init(&params, sizeof params);
  params.learning_rate = 0.015625;
  WORKS(svft_model_load(fixture("llama"), NULL, &model));
  WORKS(svft_adapter_create(model, "{\"method\": \"lora\", \"alpha\": 2.5}", &adapter));
  WORKS(svft_trainer_create(adapter, fixture("tales.jsonl"), NULL, NULL, &params, &trainer));
  WORKS(svft_trainer_run(trainer, NULL, NULL));
  WORKS(svft_adapter_save(adapter, output));
  WORKS(svft_evaluate(model, fixture("tales.jsonl"), NULL, NULL, NULL, &report));
  if (report) write_text(in(output, "report.json"), report);
  WORKS(svft_adapter_create(model, "{\"method\": \"svft\"}", &adapter));
  svft_string_free(report);
  return finish();
}

/* Runs work() in a new process with these two settings (NULL: with none) and no output. */
static int works_under(const char *self, const char *output, const char *one, const char *two) {
  int status = 1;
  pid_t child = fork();
  if (child == 0) {
    char setting[2][512];
    const char *settings[] = {one, two};
    int streams = open(in(output, "printed"), O_CREAT | O_WRONLY | O_TRUNC, 0666);
    for (int i = 0; i < 2 && settings[i]; i++) {
      snprintf(setting[i], sizeof setting[i], "%s", settings[i]);
      putenv(setting[i]);
    }
    dup2(streams, 1);
    dup2(streams, 2);
    execl(self, self, "work", in(output, "adapter"), (char *)NULL);
    _exit(127);
  }
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The same bytes as the plain run gave, and no word on the standard streams. */
static void compare(const char *self, const char *plain, const char *output, const char *one,
                    const char *two) {
  int well = EXPECT(works_under(self, output, one, two));
  well = well && EXPECT(same_adapters(in(plain, "adapter"), in(output, "adapter")));
  well = well && EXPECT(same_files(in(plain, "adapter/report.json"),
                                   in(output, "adapter/report.json")));
  struct bytes printed = read_file(in(output, "printed"));
  if (!EXPECT(printed.count == 0) || !well)
    fprintf(stderr, "  under %s %s: %s\n", one, two ? two : "", (char *)printed.at);
  free(printed.at);
}

/* A locale whose numbers have a comma, made here where the system can; 0 without. */
static int make_comma_locale(const char *scratch) {
  char command[2048];
  write_text(in(scratch, "comma.source"),
             "LC_NUMERIC\ndecimal_point \",\"\nthousands_sep \".\"\ngrouping 3\nEND LC_NUMERIC\n");
  snprintf(command, sizeof command,
           "localedef -c -i '%s/comma.source' -f UTF-8 '%s/comma' >/dev/null 2>&1", scratch,
           scratch);
  return system(command) >= 0 && exists(in(scratch, "comma"));
}

int main(int argc, char **argv) {
  static const char *const odd[][2] = {
      {"OMP_NUM_THREADS=bogus", "KMP_AFFINITY=nonsense"},
      {"OMP_NUM_THREADS=-1", "OPENBLAS_NUM_THREADS=0x"},
      {"OMP_NUM_THREADS=999999999999999999999", "GOMP_CPU_AFFINITY=9999"},
      {"OMP_SCHEDULE=,,,", "LC_ALL=xx_YY.UTF-99"},
      {"HOME=/nowhere", "TMPDIR=/nowhere"},
      {"MALLOC_PERTURB_=170", "SVFT_ISA=abacus"}};
  char locales[1024];
  if (argc == 3) return work(argv[2]);
  if (argc != 2) return 2;
  const char *plain = folder(argv[1], "plain"), *output = folder(argv[1], "odd");
  EXPECT(works_under(argv[0], plain, NULL, NULL));
  for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
    compare(argv[0], plain, output, odd[i][0], odd[i][1]);
  if (make_comma_locale(argv[1])) {
    snprintf(locales, sizeof locales, "LOCPATH=%s", argv[1]);
    compare(argv[0], plain, output, locales, "LC_NUMERIC=comma");
  } else {
    puts("no locale with a decimal comma could be made");
  }
  return finish();
}
