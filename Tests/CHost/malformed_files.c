/* Every file of a collection of malformed (and a few correct) tensor files, through inspecting,
 * loading and estimating: what begins with bad_ is refused with a sentence that names the file,
 * what begins with ok_ is described, and neither is taken for a model. Skipped where the collection
 * is not at hand; its folder is in SVFT_MALFORMED. */
#define _XOPEN_SOURCE 700

#include "expect.h"
#include "files.h"

#include <dirent.h>

static int refused, described;

/* What a file can be found to be; anything else is our mistake and not the file's. */
static int is_verdict(svft_status status) {
  return status == SVFT_FORMAT || status == SVFT_TRUNCATED || status == SVFT_LIMIT ||
         status == SVFT_UNSUPPORTED || status == SVFT_SHAPE;
}

static void judge(const char *path, const char *name) {
  svft_model *model = NULL;
  char *report = NULL;
  svft_status status = svft_inspect(path, NULL, &report);
  int is_bad = strncmp(name, "bad_", 4) == 0;
  if (is_bad ? !is_verdict(status) || !strstr(svft_last_error(), name) : status != SVFT_OK) {
    EXPECT(!"the verdict on a file");
    fprintf(stderr, "  %s: %d %s\n", name, status, status ? svft_last_error() : "");
  }
  refused += is_bad;
  described += !is_bad;
  svft_string_free(report);
  status = svft_model_load(path, NULL, &model);
  if (!EXPECT(status != SVFT_OK && status != SVFT_INTERNAL && strstr(svft_last_error(), name)))
    fprintf(stderr, "  %s: %d %s\n", name, status, status ? svft_last_error() : "");
  EXPECT(svft_estimate(path, NULL, NULL, &report) == status);
}

static void judge_folder(const char *path) {
  DIR *folder = needed(opendir(path), path);
  for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
    if (entry->d_name[0] != '.') judge(in(path, entry->d_name), entry->d_name);
  closedir(folder);
}

int main(int argc, char **argv) {
  const char *files = getenv("SVFT_MALFORMED"), *ci = getenv("CI");
  if (argc != 2 || !argv[1]) return 2;
  if (!files || !exists(in(files, "safetensors"))) {
    puts("the malformed files are not at hand");
    return ci && strcmp(ci, "true") == 0 ? 1 : 77;
  }
  judge_folder(in(files, "safetensors"));
  judge_folder(in(files, "gguf"));
  printf("%d files refused, %d described\n", refused, described);
  EXPECT(refused > 50 && described > 5);
  return finish();
}
