/* Processes that are killed while they save. A child trains with a checkpoint after every step and
 * gets SIGKILL, twenty times over, at moments of a save drawn from a fixed seed; each next one goes
 * on from the newest checkpoint, and never from less than was there. An undisturbed run has the
 * same adapter in the end, byte for byte. Likewise a child that saves a merged model over an old
 * one. What the killed left half done beside it is gone after the next save. */
#define _XOPEN_SOURCE 700

#include "models.h"

#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KILLS = 20, STEPS = 80 };

/* Tells the parent that a save begins or has ended; `pipe` points to the end to write to. After a
 * few the child waits for its end, so that a slow parent still finds it at work. */
static int32_t tell(void *pipe, const svft_train_progress *progress) {
  static int told;
  (void)progress;
  if (pipe && ++told > 6) pause();
  return pipe && write(*(int *)pipe, ".", 1) != 1;
}

/* Trains to the end in this process, with a checkpoint after every step where there is a pipe. */
static svft_status train_on(const char *output, int *pipe) {
  struct training training = {"{\"method\": \"lora\", \"r\": 4}", 1, {0}, tell, pipe};
  svft_train_params_init(&training.params, sizeof training.params);
  training.params.steps = STEPS;
  training.params.batch_size = 1;
  training.params.save_every = pipe ? 1 : 0;
  training.params.steps_per_report = 1;
  training.params.resume = 1;
  return train(&training, output);
}

/* Saves the fixture over `path` for ever, or until something fails. */
static svft_status save_for_ever(const char *path, int *pipe) {
  svft_model *model = NULL;
  svft_status status = svft_model_load(fixture("llama"), NULL, &model);
  while (status == SVFT_OK && tell(pipe, NULL) == 0) {
    char *report = NULL;
    status = svft_model_save(model, path, NULL, NULL, NULL, NULL, &report);
    svft_string_free(report);
  }
  return status;
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* A child that saves, and how long one of its saves takes; 0 while that is not known. */
struct child {
  svft_status (*work)(const char *, int *);
  const char *path;
  double save;
};

/* Starts the child and kills it when this part of a save has passed (1: a whole one). Returns its
 * exit status, or -1 if killed. */
static int killed_at(struct child *child, double part) {
  int status = 0, ends[2];
  char told;
  if (pipe(ends) != 0) return 2;
  pid_t process = fork();
  if (process == 0) {
    close(ends[0]);
    svft_status result = child->work(child->path, &ends[1]);
    if (result != SVFT_OK) fprintf(stderr, "in a child: %d %s\n", result, svft_last_error());
    _exit(result == SVFT_OK ? 0 : 1);
  }
  close(ends[1]);
  ssize_t count = read(ends[0], &told, 1);
  double begin = seconds();
  if (child->save == 0 && read(ends[0], &told, 1) == count) child->save = seconds() - begin;
  const long wait = (long)(1e9 * part * child->save);
  const struct timespec moment = {wait / 1000000000, wait % 1000000000};
  nanosleep(&moment, NULL);
  kill(process, SIGKILL);
  waitpid(process, &status, 0);
  close(ends[0]);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The largest step among the checkpoints of a run that say they are complete; -1 without any. */
static long newest_checkpoint(const char *output) {
  long newest = -1;
  DIR *folder = opendir(output);
  if (!folder) return newest;
  for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
    if (strncmp(entry->d_name, "checkpoint-", 11) != 0) continue;
    long step = strtol(entry->d_name + 11, NULL, 10);
    if (step > newest) newest = step;
  }
  closedir(folder);
  return newest;
}

/* Files and folders in a folder that a save has not finished, or not tidied away. */
static int leftovers(const char *path) {
  int count = 0;
  DIR *folder = opendir(path);
  if (!folder) return -1;
  for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
    count += strncmp(entry->d_name, ".svft-tmp-", 10) == 0;
  closedir(folder);
  return count;
}

/* A number from 0 to 1.5, the next of a fixed row. */
static double draw(unsigned *state) {
  *state = *state * 1664525u + 1013904223u;
  return 1.5 * (double)(*state >> 8) / (1 << 24);
}

static void survives_kills_while_training(const char *killed, const char *whole) {
  struct child child = {train_on, killed, 0};
  unsigned state = 42;
  long newest = -1;
  for (int kills = 0; kills < KILLS; kills++) {
    EXPECT(killed_at(&child, draw(&state)) == -1);
    long now = newest_checkpoint(killed);
    if (!EXPECT(now >= newest)) fprintf(stderr, "  step %ld after %ld\n", now, newest);
    newest = now;
  }
  printf("%d kills while training, the last at step %ld of %d\n", KILLS, newest, STEPS);
  EXPECT(newest > 0 && newest < STEPS);
  WORKS(train_on(killed, NULL));
  WORKS(train_on(whole, NULL));
  EXPECT(same_adapters(killed, whole));
}

/* Whatever is under the name is a whole model: what was saved first, or what came after. A child
 * takes away what the one before it left, and the last save what all of them did. */
static void survives_kills_while_merging(const char *above, const char *name) {
  const char *path = in(above, name);
  struct child child = {save_for_ever, path, 0};
  unsigned state = 7;
  int most = 0;
  svft_model *model = NULL;
  char *report = NULL;
  if (!WORKS(svft_model_load(fixture("llama"), NULL, &model))) return;
  WORKS(svft_model_save(model, path, NULL, NULL, NULL, NULL, &report));
  svft_string_free(report);
  report = NULL;
  /* A save of a millisecond is met by chance: on with it until one was. */
  for (int kills = 0; kills < KILLS || (most == 0 && kills < 20 * KILLS); kills++) {
    EXPECT(killed_at(&child, draw(&state)) == -1);
    if (leftovers(above) > most) most = leftovers(above);
    svft_model_free(model);
    model = NULL;
    WORKS(svft_model_load(path, NULL, &model));
  }
  printf("%s: at most %d unfinished beside it\n", name, most);
  EXPECT(most == 1);
  WORKS(svft_model_save(model, path, NULL, NULL, NULL, NULL, &report));
  svft_string_free(report);
  svft_model_free(model);
  EXPECT(leftovers(above) == 0);
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  survives_kills_while_training(in(argv[1], "killed"), in(argv[1], "whole"));
  survives_kills_while_merging(folder(argv[1], "folder"), "merged");
  survives_kills_while_merging(folder(argv[1], "file"), "merged.gguf");
  return finish();
}
