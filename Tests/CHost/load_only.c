/* Loads libsvft and looks at what that did to the process: nothing.
 *
 * No signal handler may change, no thread may start, nothing may appear on the standard streams,
 * and the working folder, umask, locale, environment and floating-point mode stay. A child forked
 * after loading can load and unload like its parent. Calls that need a model are made by other
 * programs here.
 */
#define _XOPEN_SOURCE 700

#include "process.h"

#include <dlfcn.h>
#include <sys/wait.h>

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
