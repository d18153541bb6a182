/* What a library can disturb in its host: signal handlers, threads, environment, umask, working
 * folder, locale, floating-point mode. Looked at twice and compared. */
#ifndef PROCESS_H
#define PROCESS_H

#include <dirent.h>
#include <fenv.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

static inline int count_threads(void) {
  int count = 0;
  DIR *tasks = opendir("/proc/self/task");
  if (!tasks) return -1;
  for (struct dirent *entry = readdir(tasks); entry; entry = readdir(tasks)) {
    if (entry->d_name[0] != '.') count++;
  }
  closedir(tasks);
  return count;
}

static inline void look(struct process *p) {
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

static inline int same_handler(const struct sigaction *a, const struct sigaction *b) {
  return a->sa_handler == b->sa_handler && a->sa_flags == b->sa_flags;
}

/* Rounding, flushing and traps; that an exception was seen is no mode. */
static inline int same_floating(const fenv_t *a, const fenv_t *b) {
#ifdef __x86_64__
  return a->__control_word == b->__control_word && (a->__mxcsr & ~0x3fu) == (b->__mxcsr & ~0x3fu);
#else
  return memcmp(a, b, sizeof *a) == 0;
#endif
}

/* Prints what differs and returns how many things do. */
static inline int differences(const struct process *a, const struct process *b, FILE *out) {
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
  SAME(same_floating(&a->floating, &b->floating), "the floating-point mode");
  SAME(a->mask == b->mask, "the umask");
  SAME(strcmp(a->folder, b->folder) == 0, "the working folder");
  SAME(strcmp(a->locale, b->locale) == 0, "the locale");
#undef SAME
  return count;
}

static inline long size_of(FILE *file) {
  struct stat facts;
  return fstat(fileno(file), &facts) == 0 ? (long)facts.st_size : -1;
}

#endif
