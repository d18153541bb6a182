/* Loads libsvft and looks at what that did to the process: nothing.
 *
 * No signal handler may change, no thread may start, nothing may appear on the standard streams,
 * and the working folder, umask, locale, environment and floating-point mode stay. A child forked
 * after loading can load and unload like its parent. Calls that need a model are made by other
 * programs here.
 */
#define _XOPEN_SOURCE 700

#include <dirent.h>
#include <dlfcn.h>
#include <fenv.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIGNALS 65

extern char **environ;

struct process {
  struct sigaction actions[SIGNALS];
  int known[SIGNALS];
  int threads, variables, rounding;
  mode_t mask;
  fenv_t floating;
  char folder[4096], locale[256];
};

static int count_threads(void) {
  int count = 0;
  DIR *tasks = opendir("/proc/self/task");
  if (!tasks) return -1;
  for (struct dirent *entry = readdir(tasks); entry; entry = readdir(tasks)) {
    if (entry->d_name[0] != '.') count++;
  }
  closedir(tasks);
  return count;
}

static void look(struct process *p) {
  memset(p, 0, sizeof *p);
  for (int s = 1; s < SIGNALS; s++) p->known[s] = sigaction(s, NULL, &p->actions[s]) == 0;
  p->threads = count_threads();
  while (environ[p->variables]) p->variables++;
  p->rounding = fegetround();
  p->mask = umask(0);
  umask(p->mask);
  fegetenv(&p->floating);
  if (!getcwd(p->folder, sizeof p->folder)) p->folder[0] = 0;
  strncpy(p->locale, setlocale(LC_ALL, NULL), sizeof p->locale - 1);
}

static int same_handler(const struct sigaction *a, const struct sigaction *b) {
  return a->sa_handler == b->sa_handler && a->sa_flags == b->sa_flags;
}

/* Prints what differs and returns how many things do. */
static int differences(const struct process *a, const struct process *b, FILE *out) {
  int count = 0;
  for (int s = 1; s < SIGNALS; s++) {
    if (a->known[s] && !same_handler(&a->actions[s], &b->actions[s])) {
      fprintf(out, "the handler of signal %d changed\n", s);
      count++;
    }
  }
#define SAME(condition, what) \
  if (!(condition)) count++, fprintf(out, "%s changed\n", what)
  SAME(a->threads == b->threads, "the number of threads");
  SAME(a->variables == b->variables, "the environment");
  SAME(a->rounding == b->rounding, "the rounding mode");
  SAME(memcmp(&a->floating, &b->floating, sizeof a->floating) == 0, "the floating-point mode");
  SAME(a->mask == b->mask, "the umask");
  SAME(strcmp(a->folder, b->folder) == 0, "the working folder");
  SAME(strcmp(a->locale, b->locale) == 0, "the locale");
#undef SAME
  return count;
}

static long size_of(FILE *file) {
  struct stat facts;
  return fstat(fileno(file), &facts) == 0 ? (long)facts.st_size : -1;
}

static int child_loads(const char *library) {
  pid_t child = fork();
  if (child == 0) _exit(dlopen(library, RTLD_NOW | RTLD_LOCAL) ? 0 : 1);
  int status = 1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(void) {
  const char *library = getenv("SVFT_LIBRARY");
  FILE *streams = tmpfile(), *report = fdopen(dup(2), "w");
  if (!library || !streams || !report) return 2;
  dup2(fileno(streams), 1);
  dup2(fileno(streams), 2);

  struct process before, after;
  look(&before);
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  look(&after);

  int failures = differences(&before, &after, report);
  if (!handle) failures++, fprintf(report, "cannot load: %s\n", dlerror());
  if (!child_loads(library)) failures++, fprintf(report, "a forked child cannot load\n");
  if (size_of(streams) != 0) failures++, fprintf(report, "something was printed\n");
  fclose(report);
  return failures ? 1 : 0;
}
