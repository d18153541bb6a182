/* A text in progress, through every function of sessions: continued piece by piece it is the text
 * that is generated whole, of a prompt only what is new is computed, and a saved session goes on
 * in another model bit for bit. An adapter makes what was computed stale and leaves the text. */
#include "expect.h"
#include "files.h"

enum { MOST = 128 };

static svft_generation_params greedy(int32_t tokens) {
  svft_generation_params params;
  svft_generation_params_init(&params, sizeof params);
  params.temperature = 0;
  params.max_tokens = tokens;
  params.ignores_end = 1;
  return params;
}

struct ids {
  int32_t at[MOST];
  size_t count;
};

static struct ids tokens_of(svft_session *session) {
  struct ids ids = {{0}, 0};
  WORKS(svft_session_tokens(session, ids.at, MOST, &ids.count));
  return ids;
}

/* "computed_tokens" of a session. */
static int computed(svft_session *session) {
  char *about = NULL;
  int count = -1;
  if (!WORKS(svft_session_describe(session, &about))) return count;
  const char *found = strstr(about, "\"computed_tokens\":");
  if (EXPECT(found)) count = atoi(found + strlen("\"computed_tokens\":"));
  svft_string_free(about);
  return count;
}

/* Twelve tokens at once and in pieces of four. */
static void pieces_make_the_whole(svft_model *model) {
  svft_generation_params whole = greedy(12), part = greedy(4);
  const char *prompt = "The lamp";
  char *expected = NULL, *piece = NULL, made[1024] = "";
  size_t reused = 77;
  svft_session *session = NULL;
  WORKS(svft_generate(model, &prompt, 1, &whole, NULL, NULL, &expected));
  if (!expected || !WORKS(svft_session_create(model, NULL, &session))) return;
  for (int i = 0; i < 3; i++) {
    if (!WORKS(svft_session_extend(session, i ? "" : prompt, &part, NULL, NULL, &piece, &reused)))
      return;
    strcat(made, piece);
    svft_string_free(piece);
    EXPECT((reused > 0) == (i > 0));
  }
  EXPECT(strcmp(made, expected) == 0);
  svft_string_free(expected);
  svft_session_free(session);
}

/* A prompt keeps what it begins with too. */
static void reuses_what_is_common(svft_model *model) {
  svft_generation_params params = greedy(4), none = greedy(0);
  svft_session *session = NULL;
  size_t reused = 77;
  char *text = NULL;
  if (!WORKS(svft_session_create(model, "{\"context_length\": 100}", &session))) return;
  WORKS(svft_session_generate(session, "The", &params, NULL, NULL, &text, NULL));
  FAILS(SVFT_LIMIT, "room", svft_session_tokens(session, NULL, 0, &reused));
  svft_string_free(text);
  struct ids ids = tokens_of(session);
  EXPECT(reused == ids.count && computed(session) == (int)ids.count - 1);
  ids.at[ids.count++] = 40;
  WORKS(svft_session_generate_tokens(session, ids.at, ids.count, &none, NULL, NULL, &text,
                                     &reused));
  EXPECT(text[0] == 0 && reused == ids.count - 2 && computed(session) == (int)ids.count);
  svft_string_free(text);
  ids.at[2]++;
  WORKS(svft_session_generate_tokens(session, ids.at, ids.count, &params, NULL, NULL, &text,
                                     &reused));
  EXPECT(reused == 2);
  svft_string_free(text);
  WORKS(svft_session_generate_messages(session, "[{\"role\": \"user\", \"content\": \"a\"}]",
                                       "plain", &params, NULL, NULL, &text, &reused));
  EXPECT(reused >= 1);
  svft_string_free(text);
  svft_session_free(session);
}

/* Saved here, restored in a model with two threads: the same text, and the same file again. */
static void goes_on_elsewhere(svft_model *model, const char *scratch) {
  svft_generation_params params = greedy(8);
  svft_model_params loading;
  svft_model *other = NULL;
  svft_session *session = NULL, *restored = NULL;
  const char *path = in(scratch, "talk.svfts"), *again = in(scratch, "again.svfts");
  char *one = NULL, *two = NULL;
  svft_model_params_init(&loading, sizeof loading);
  loading.threads = 2;
  if (!WORKS(svft_model_load(fixture("llama"), &loading, &other)) ||
      !WORKS(svft_session_create(model, NULL, &session)))
    return;
  WORKS(svft_session_extend(session, "The sea is", &params, NULL, NULL, &one, NULL));
  svft_string_free(one);
  WORKS(svft_session_save(session, path));
  if (!WORKS(svft_session_load(other, path, NULL, &restored))) return;
  svft_model_free(other); /* the session keeps it */
  WORKS(svft_session_extend(session, NULL, &params, NULL, NULL, &one, NULL));
  WORKS(svft_session_extend(restored, NULL, &params, NULL, NULL, &two, NULL));
  EXPECT(one && two && strcmp(one, two) == 0);
  WORKS(svft_session_save(session, path));
  WORKS(svft_session_save(restored, again));
  EXPECT(same_files(path, again));
  svft_string_free(one);
  svft_string_free(two);
  svft_session_free(session);
  svft_session_free(restored);
}

static void adapters_make_it_stale(svft_model *model) {
  svft_generation_params params = greedy(4);
  svft_session *session = NULL;
  svft_adapter *adapter = NULL;
  char *text = NULL;
  size_t reused = 77;
  if (!WORKS(svft_session_create(model, NULL, &session))) return;
  WORKS(svft_session_extend(session, "The lamp", &params, NULL, NULL, &text, NULL));
  svft_string_free(text);
  struct ids before = tokens_of(session);
  EXPECT(computed(session) > 0);
  WORKS(svft_adapter_create(model, "{\"method\": \"lora\"}", &adapter));
  EXPECT(computed(session) == 0 && tokens_of(session).count == before.count);
  WORKS(svft_session_extend(session, NULL, &params, NULL, NULL, &text, &reused));
  EXPECT(reused == 0 && computed(session) > 0);
  svft_string_free(text);
  svft_adapter_free(adapter);
  EXPECT(computed(session) == 0);
  svft_session_free(session);
}

int main(int argc, char **argv) {
  svft_model *model = NULL;
  if (argc != 2 || !WORKS(svft_model_load(fixture("llama"), NULL, &model))) return 2;
  pieces_make_the_whole(model);
  reuses_what_is_common(model);
  goes_on_elsewhere(model, argv[1]);
  adapters_make_it_stale(model);
  svft_model_free(model);
  return finish();
}
