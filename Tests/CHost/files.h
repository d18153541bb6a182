/* Files as the programs here handle them: paths, whole contents, copies, and models copied in
 * order to be spoilt. What cannot be done ends the program with status 2. */
#ifndef FILES_H
#define FILES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct bytes {
  size_t count;
  unsigned char *at;
};

/* Whether the long loops were asked for, as `make test-all` does. */
static inline int is_long(void) {
  const char *wish = getenv("SVFT_TEST_LONG");
  return wish && strcmp(wish, "1") == 0;
}

static inline void *needed(void *pointer, const char *what) {
  if (pointer) return pointer;
  perror(what);
  exit(2);
}

/* folder/name. The text stays until the program ends. */
static inline const char *in(const char *folder, const char *name) {
  static struct text {
    struct text *earlier;
    char path[];
  } *kept;
  size_t size = strlen(folder) + strlen(name) + 2;
  struct text *text = needed(malloc(sizeof *text + size), name);
  snprintf(text->path, size, "%s/%s", folder, name);
  text->earlier = kept;
  kept = text;
  return text->path;
}

/* A file or folder of Tests/Fixtures. */
static inline const char *fixture(const char *name) {
  return in(needed(getenv("SVFT_FIXTURES"), "SVFT_FIXTURES"), name);
}

/* A new folder. */
static inline const char *folder(const char *above, const char *name) {
  const char *path = in(above, name);
  mkdir(path, 0777);
  return path;
}

static inline int exists(const char *path) {
  struct stat facts;
  return stat(path, &facts) == 0;
}

/* Whether nothing but white space stands from some place on. */
static inline int is_space_from(struct bytes bytes, size_t place) {
  for (size_t i = place; i < bytes.count; i++)
    if (bytes.at[i] != ' ' && bytes.at[i] != '\n') return 0;
  return 1;
}

/* A whole file, with a zero behind it; free .at. */
static inline struct bytes read_file(const char *path) {
  FILE *file = needed(fopen(path, "rb"), path);
  struct bytes result = {0, NULL};
  fseek(file, 0, SEEK_END);
  result.count = (size_t)ftell(file);
  rewind(file);
  result.at = needed(calloc(result.count + 1, 1), path);
  if (fread(result.at, 1, result.count, file) != result.count) needed(NULL, path);
  fclose(file);
  return result;
}

static inline const char *write_file(const char *path, const void *at, size_t count) {
  FILE *file = needed(fopen(path, "wb"), path);
  if (fwrite(at, 1, count, file) != count || fclose(file) != 0) needed(NULL, path);
  return path;
}

static inline const char *write_text(const char *path, const char *text) {
  return write_file(path, text, strlen(text));
}

static inline void copy_file(const char *from, const char *to) {
  struct bytes bytes = read_file(from);
  write_file(to, bytes.at, bytes.count);
  free(bytes.at);
}

static inline int same_files(const char *one, const char *other) {
  struct bytes a = read_file(one), b = read_file(other);
  int same = a.count == b.count && memcmp(a.at, b.at, a.count) == 0;
  free(a.at);
  free(b.at);
  return same;
}

/* Whether two saved adapters hold the same, byte for byte. */
static inline int same_adapters(const char *one, const char *other) {
  static const char *const parts[] = {"adapter_config.json", "adapter_model.safetensors"};
  return same_files(in(one, parts[0]), in(other, parts[0])) &&
         same_files(in(one, parts[1]), in(other, parts[1]));
}

/* A copy of a model folder of Tests/Fixtures, to be spoilt. */
static inline const char *copy_model(const char *name, const char *above, const char *as) {
  static const char *const parts[] = {"config.json", "model.safetensors", "tokenizer.json"};
  const char *from = fixture(name), *to = folder(above, as);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    copy_file(in(from, parts[i]), in(to, parts[i]));
  return to;
}

/* Replaces `old` by `new` in a text file; the program ends where it does not stand there. */
static inline void replace_text(const char *path, const char *old, const char *with) {
  struct bytes text = read_file(path);
  char *found = needed(strstr((char *)text.at, old), old);
  FILE *file = needed(fopen(path, "wb"), path);
  fprintf(file, "%.*s%s%s", (int)(found - (char *)text.at), (char *)text.at, with,
          found + strlen(old));
  fclose(file);
  free(text.at);
}

#endif
