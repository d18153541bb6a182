/* libsvft: load a transformer, attach SVFT adapters or relatives, fine-tune on the CPU, run the
 * result. Rules, once for all functions:
 *
 *   Status.   Every function that can fail returns svft_status; SVFT_OK is 0. svft_last_error()
 *             then has one sentence (expected, found, where) for this thread, valid until its next
 *             call. Success leaves it. SVFT_INVALID_ARGUMENT and SVFT_MEMORY can come from all,
 *             SVFT_BUSY from all that take a handle; the others are named at the functions.
 *   Order.    Object, inputs, callback and its `user`, outputs last. A single output is called
 *             `out`; it is written on success only.
 *   Memory.   What …_load, …_create give you is freed by the type's …_free (NULL is fine; any
 *             order: children keep their parents alive). Strings handed out are freed by
 *             svft_string_free. Buffers are yours: you pass capacity, you get the count that was
 *             needed; too small is SVFT_LIMIT and writes nothing.
 *   Text.     UTF-8, zero-terminated: where a text handed out has the character U+0000, you get
 *             U+FFFD. Outputs that describe something are JSON objects.
 *   Structs.  Params begin with struct_size; always fill them with …_params_init(&p, sizeof p)
 *             first. Passing NULL means the defaults. Fields are only ever appended: compiled with
 *             an older svft.h you get the defaults of what it lacks, with a newer one fields that
 *             the library lacks must stay 0, else SVFT_INVALID_ARGUMENT.
 *   Threads.  A model and everything attached to it is used by one thread at a time; a second
 *             thread (or a callback that calls back into it) gets SVFT_BUSY, at once and without
 *             any effect. Exceptions, for any thread at any time: svft_model_cancel, and the three
 *             functions between ids and text. Different models are independent. Callbacks run on
 *             the calling thread; non-zero cancels (SVFT_CANCELLED).
 *   Host.     No signal handlers, no threads before the first computation, nothing on stdout or
 *             stderr, no environment, no network. Once loaded it stays: dlclose() leaves its code
 *             in place. A freed or foreign pointer is undefined behaviour, NULL or another type's
 *             handle is SVFT_INVALID_ARGUMENT. */
#ifndef SVFT_H
#define SVFT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Version --------------------------------------------------------------------------------- */

/* Changes when a compiled host would have to change. Compare with svft_abi_version(). */
#define SVFT_ABI_VERSION 1

/* The ABI version of the library that is loaded. */
uint32_t svft_abi_version(void);
/* The release, "0.1.0". Static; do not free. */
const char *svft_version(void);

/* ---- Status ---------------------------------------------------------------------------------- */

typedef int32_t svft_status;
enum {
  SVFT_OK = 0,
  SVFT_INVALID_ARGUMENT = 1, /* NULL, wrong handle, a number out of range, an unknown option */
  SVFT_IO = 2,               /* the system could not open, read or write */
  SVFT_FORMAT = 3,           /* a file that is not what it should be */
  SVFT_TRUNCATED = 4,        /* a file that ends too early */
  SVFT_UNSUPPORTED = 5,      /* well formed, but not (yet) known here */
  SVFT_SHAPE = 6,            /* dimensions that do not fit each other */
  SVFT_MISMATCH = 7,         /* adapter, base or version that do not belong together */
  SVFT_DATA = 8,             /* training data; the sentence has the line */
  SVFT_LIMIT = 9,            /* beyond a limit, or a buffer too small */
  SVFT_MEMORY = 10,          /* the system or your memory_limit has no more */
  SVFT_NO_SPACE = 11,        /* the disk is full */
  SVFT_BUSY = 12,            /* in use by another thread, or by the caller of a callback */
  SVFT_STATE = 13,           /* not now: the object is not in a state for this */
  SVFT_CANCELLED = 14,       /* by a callback or svft_model_cancel; the object is still usable */
  SVFT_NON_FINITE = 15,      /* NaN or infinity where numbers are needed */
  SVFT_INTERNAL = 99         /* libsvft is at fault; please report */
};

/* The name of a status, "invalid argument". Static; do not free. */
const char *svft_status_string(svft_status status);
/* The sentence of the last failure on this thread; "" before any. Do not free. */
const char *svft_last_error(void);
/* Frees a string that this library handed out. */
void svft_string_free(char *string);

/* level: 1 warning, 2 note. Called from any thread of yours that is inside the library. */
typedef void (*svft_log_callback)(void *user, int32_t level, const char *text);
/* Where warnings and notes go; NULL is silence, the default. Process-wide. */
void svft_set_log_callback(svft_log_callback callback, void *user);

/* Long work reports what it does ("quantising"), how much is done (0 to 1) and the seconds left. */
typedef int32_t (*svft_progress_callback)(void *user, const char *activity, double done,
                                          double seconds_left);

/* ---- Model ----------------------------------------------------------------------------------- */

typedef struct svft_model svft_model;

typedef struct svft_model_params {
  uint32_t struct_size;
  int32_t threads;          /* 0: one per available processor */
  const char *quantize;     /* "q8_0", "q4_k_m", "bf16" and so on; NULL: as the file has it */
  const char *compute;      /* "f32": exact products; NULL or "default": the format's custom */
  uint64_t memory_limit;    /* bytes this model may use, mapped weights included; 0: no limit */
  const char *cache_folder; /* where singular factors are kept; NULL: nowhere */
  int32_t copies_file;      /* 1: read the file instead of mapping it */
  svft_progress_callback progress;
  void *user;
  int32_t context_length; /* tokens of a sequence at most; 0: the model's own context */
  /* What generation keeps keys and values in: "f32", "f16", "bf16", "q8_0", "q4_0"; NULL or
   * "auto": f32 where compute is "f32", else f16. q8_0, q4_0: keys of a multiple of 32 values. */
  const char *kv_format;
  /* Folder or file with the full-precision weights this model was quantised from, for adapters that
   * are quantisation-aware or start by repair; NULL: its own, where `quantize` rounds them. */
  const char *latents;
} svft_model_params;

/* Fills defaults. SVFT_INVALID_ARGUMENT for a size that no release has. */
svft_status svft_model_params_init(svft_model_params *params, size_t struct_size);

/* Loads a Hugging Face folder or a GGUF file. Weights stay mapped as they lie, unless params say
 * otherwise. SVFT_IO, SVFT_FORMAT, SVFT_TRUNCATED, SVFT_UNSUPPORTED (family or format), SVFT_SHAPE,
 * SVFT_MISMATCH (files of different models), SVFT_NON_FINITE (weights that params->quantize cannot
 * hold), SVFT_LIMIT, SVFT_CANCELLED. */
svft_status svft_model_load(const char *path, const svft_model_params *params, svft_model **out);
/* Gives the handle back; the model goes with the last of its adapters, trainers and sessions. */
void svft_model_free(svft_model *model);
/* Family, shapes ("hidden_size", "embedding_size", "vocabulary_size", "context_length"), formats,
 * parameters, memory in bytes, modules, and the attached adapters in their order, as JSON. */
svft_status svft_model_describe(svft_model *model, char **out);
/* Asks the call that is running on this model, or on what belongs to it, to stop as soon as
 * possible: it then fails with SVFT_CANCELLED, unless it was all but done. Any thread, any
 * signal handler. Where no call is running this does nothing, to the next call neither. */
void svft_model_cancel(svft_model *model);
/* Ids of a text. special != 0 adds what the model expects around a text; a control token spelled in
 * it is plain text. Call with capacity 0 to size. */
svft_status svft_model_tokenize(svft_model *model, const char *text, int32_t special, int32_t *ids,
                                size_t capacity, size_t *out_count);
/* Ids of a conversation up to the assistant's next turn, laid out as training does it. messages: a
 * JSON array of {"role": "system" | "user" | "assistant" | "tool", "content": text}. What they say
 * is plain text: a control token spelled in it is none. chat_layout: "chatml", "plain", or NULL or
 * "auto": the model's own chat template, else chatml where the vocabulary has its markers, else
 * plain; SVFT_DATA where the template refuses what is said. Sizing as above. */
svft_status svft_model_tokenize_messages(svft_model *model, const char *messages,
                                         const char *chat_layout, int32_t *ids, size_t capacity,
                                         size_t *out_count);
/* Text of `count` ids, special tokens left out. Bytes that are no UTF-8 become U+FFFD. */
svft_status svft_model_detokenize(svft_model *model, const int32_t *ids, size_t count, char **out);
/* Logits of every position, [count, vocabulary_size] row by row; *out_count is that product. An
 * encoder-decoder reads ids before a -1 and has rows for those behind it, from its start token on.
 * SVFT_LIMIT beyond the context, SVFT_UNSUPPORTED (predicts no tokens), SVFT_NON_FINITE. */
svft_status svft_model_logits(svft_model *model, const int32_t *ids, size_t count, float *logits,
                              size_t capacity, size_t *out_count);
/* Computes, or finds in the cache, singular factors of targets: NULL or "all-linear", or ends of
 * module names, by commas. SVFT_MISMATCH (no such module), SVFT_NON_FINITE, SVFT_CANCELLED. */
svft_status svft_model_factor(svft_model *model, const char *targets,
                              svft_progress_callback progress, void *user);
/* The same with options, NULL or {"targets": "all-linear" or a list of suffixes, "rank": 128 (the
 * first directions alone, by a randomised method), "iterations": 4 (of that method)}, and a report
 * as JSON: time and errors of each matrix. Interrupted work goes on from the cache. */
svft_status svft_model_factors(svft_model *model, const char *options,
                               svft_progress_callback progress, void *user, char **out);
/* Writes the model with its active adapters merged, whole or not at all: a Hugging Face folder
 * ("f32", "f16", "bf16", "nf4") or, where path ends in .gguf, a GGUF file of any other format; NULL
 * keeps each tensor's own; {"format", "max_shard_size": "5GB" (several files), "calibration": (text
 * or imatrix file that rounding weighs by)} says more. The report is JSON: drift and perplexity of
 * `probe` (NULL: a built-in text), what of the change rounding transmitted, what GGUF cannot hold.
 * A folder that holds anything of yours is refused. SVFT_IO, SVFT_NO_SPACE, SVFT_UNSUPPORTED (the
 * container has no such format), SVFT_DATA, SVFT_NON_FINITE (weights or logits), SVFT_CANCELLED. */
svft_status svft_model_save(svft_model *model, const char *path, const char *format,
                            const char *probe, svft_progress_callback progress, void *user,
                            char **out_report);
/* Describes any model, adapter or tensor file without loading it, as JSON; a model that cannot be
 * run has a "problem". options: NULL or {"spectrum": true}, which adds singular values. SVFT_IO,
 * SVFT_FORMAT, SVFT_TRUNCATED, SVFT_UNSUPPORTED. */
svft_status svft_inspect(const char *path, const char *options, char **out);
/* What work on a model will take of memory, as JSON: parts, stages, "model_bytes" (what
 * memory_limit must allow), "peak_bytes" (with what the process holds now). Reads no weights.
 * options: {"prompt": 512, "max_tokens": 128, "batch": 1} of inference, or {"adapter": {"method":
 * "lora" …}, "training": {"batch_size": 4 …}} of training; NULL: one prompt. SVFT_IO, SVFT_FORMAT,
 * SVFT_TRUNCATED, SVFT_UNSUPPORTED, SVFT_INVALID_ARGUMENT. */
svft_status svft_estimate(const char *path, const svft_model_params *params, const char *options,
                          char **out);
/* Measured speed of prefill, decode and training, and peak memory (bytes), as JSON. options: NULL
 * or {"prompt": tokens, "decode": tokens, "batch": sequences at once, "train": steps, "repeats",
 * "grad_accumulation_steps", "adapter": of svft_adapter_create, "ops": by op}. SVFT_CANCELLED. */
svft_status svft_model_bench(svft_model *model, const char *options, char **out);

/* ---- Running --------------------------------------------------------------------------------- */

typedef struct svft_adapter svft_adapter;

typedef struct svft_generation_params {
  uint32_t struct_size;
  int32_t max_tokens;
  float temperature; /* 0: greedy */
  int32_t top_k;     /* 0: off */
  float top_p;       /* 1: off */
  float min_p;       /* 0: off */
  float repetition_penalty;
  float frequency_penalty;
  float presence_penalty;
  int32_t penalty_window;
  uint64_t seed;
  const int32_t *bias_tokens; /* logit bias: bias_count ids … */
  const float *bias_values;   /* … and what is added to them */
  size_t bias_count;
  const char *const *stop_strings;
  size_t stop_string_count;
  const int32_t *stop_tokens;
  size_t stop_token_count;
  int32_t ignores_end;    /* 1: goes on past the model's own end tokens, and past a turn's end */
  int32_t parses_special; /* 1: special tokens written in the prompt count as such */
  /* One for each prompt (NULL: none; sessions have one), acting on it alone, on top of those that
   * act on all: attached with scale 0, adding changes to weights (svft, lora). It acts with
   * adapter_scales[i], or 1 where that is NULL. SVFT_MISMATCH (of another model), SVFT_STATE (of
   * another scale, or yet to see data), SVFT_UNSUPPORTED (replaces or rounds tensors). */
  svft_adapter *const *adapters;
  const float *adapter_scales;
} svft_generation_params;

/* Fills defaults, the same for all models. SVFT_INVALID_ARGUMENT for a size no release has. */
svft_status svft_generation_params_init(svft_generation_params *params, size_t struct_size);

/* A token of sequence `index` and the text that is complete with it (valid UTF-8, may be empty). */
typedef int32_t (*svft_token_callback)(void *user, size_t index, int32_t token, const char *text);

/* Continues `count` prompts in one batch. out: `count` strings, each yours to free: what was
 * generated, without prompt and stop string. callback may be NULL. SVFT_UNSUPPORTED for a model
 * that predicts no tokens, SVFT_LIMIT for a prompt that fills the context, SVFT_NON_FINITE for
 * logits that are no numbers, SVFT_CANCELLED; then no string is handed out. */
svft_status svft_generate(svft_model *model, const char *const *prompts, size_t count,
                          const svft_generation_params *params, svft_token_callback callback,
                          void *user, char **out);
/* Like svft_generate, for conversations, as svft_model_tokenize_messages has them. The text ends
 * where the assistant's turn does, unless params->ignores_end. */
svft_status svft_generate_messages(svft_model *model, const char *const *messages, size_t count,
                                   const char *chat_layout, const svft_generation_params *params,
                                   svft_token_callback callback, void *user, char **out);
/* Like svft_generate, for prompts of ids: prompts[i] has lengths[i] of them, at least one. */
svft_status svft_generate_tokens(svft_model *model, const int32_t *const *prompts,
                                 const size_t *lengths, size_t count,
                                 const svft_generation_params *params,
                                 svft_token_callback callback, void *user, char **out);
/* One vector per text (or picture), [count, embedding_size] in rows; pooled and normalised as the
 * model's files say. Texts beyond the context are cut. A picture is the path of its file or a data
 * URI. SVFT_INVALID_ARGUMENT for a text of no tokens, SVFT_NON_FINITE, SVFT_CANCELLED. */
svft_status svft_embed(svft_model *model, const char *const *texts, size_t count, float *vectors,
                       size_t capacity, size_t *out_count);
/* Class probabilities or a score (logit), {"results": [{"label", "score", "scores"}, …]}; "labels"
 * where several may hold, "words" with a class each. Texts as in svft_embed; `pairs` NULL, or some.
 * SVFT_UNSUPPORTED (no head), SVFT_INVALID_ARGUMENT, SVFT_NON_FINITE, SVFT_CANCELLED. */
svft_status svft_classify(svft_model *model, const char *const *texts, const char *const *pairs,
                          size_t count, char **out);
/* Loss, perplexity, accuracy, F1 or correlation on a data file or folder, as JSON. options: NULL or
 * fields of svft_train_params, of which count those that make tokens of records ("max_seq_length").
 * SVFT_IO, SVFT_DATA (the line), SVFT_UNSUPPORTED (no head), SVFT_NON_FINITE, SVFT_CANCELLED. */
svft_status svft_evaluate(svft_model *model, const char *data, const char *options,
                          svft_progress_callback progress, void *user, char **out);

/* ---- Sessions -------------------------------------------------------------------------------- */

/* A text in progress: its ids, and what was computed for them (keys and values of every layer), so
 * that the next call computes only what is new. A prompt given to a session is the whole text; of
 * what it has in common with the text before, from the beginning, nothing is computed again but its
 * last token. The result is that of svft_generate. Attaching, scaling, training and detaching
 * adapters makes what was computed stale; then it is computed again, and the text stays. */
typedef struct svft_session svft_session;

/* A session without text. options: NULL or {"context_length": tokens of the text at most}, by
 * default the model's. SVFT_UNSUPPORTED for a model that predicts no tokens. */
svft_status svft_session_create(svft_model *model, const char *options, svft_session **out);
/* The session that a file holds; options as above. Where adapters, their scales, "compute" or
 * "kv_format" are not what they were, the text is taken and computed again when it is needed.
 * SVFT_IO, SVFT_FORMAT and SVFT_TRUNCATED (damaged), SVFT_MISMATCH (another model or version),
 * SVFT_LIMIT (a text beyond the context). */
svft_status svft_session_load(svft_model *model, const char *path, const char *options,
                              svft_session **out);
/* Gives the handle back, and what was computed with it. */
void svft_session_free(svft_session *session);
/* Continues a prompt, the whole text, as svft_generate does; the callback's index is 0. out: what
 * was generated, yours to free. out_reused, if not NULL: ids of the prompt that were not computed
 * again. max_tokens 0 computes the prompt and generates nothing, for beginnings that many texts
 * share. Also after a failure, unless arguments or memory were the reason, the session holds the
 * prompt and what the callback has seen: svft_session_extend goes on from there. Failures as
 * svft_generate. */
svft_status svft_session_generate(svft_session *session, const char *prompt,
                                  const svft_generation_params *params,
                                  svft_token_callback callback, void *user, char **out,
                                  size_t *out_reused);
/* The same for a conversation, all of it, as svft_generate_messages has it. */
svft_status svft_session_generate_messages(svft_session *session, const char *messages,
                                           const char *chat_layout,
                                           const svft_generation_params *params,
                                           svft_token_callback callback, void *user, char **out,
                                           size_t *out_reused);
/* The same for `count` ids, at least one. */
svft_status svft_session_generate_tokens(svft_session *session, const int32_t *ids, size_t count,
                                         const svft_generation_params *params,
                                         svft_token_callback callback, void *user, char **out,
                                         size_t *out_reused);
/* Adds a text (NULL or "": none) to the session's and continues that. */
svft_status svft_session_extend(svft_session *session, const char *text,
                                const svft_generation_params *params,
                                svft_token_callback callback, void *user, char **out,
                                size_t *out_reused);
/* Ids of the text so far, prompt first, without an end token. Call with capacity 0 to size. */
svft_status svft_session_tokens(svft_session *session, int32_t *ids, size_t capacity,
                                size_t *out_count);
/* Writes text and what was computed into one file, whole or not at all. It fits this model alone,
 * as it was loaded, from this kind of file. SVFT_IO, SVFT_NO_SPACE, SVFT_STATE (an attached adapter
 * that has yet to see data). */
svft_status svft_session_save(svft_session *session, const char *path);
/* Numbers "tokens", "computed_tokens" among them, and "context_length", as JSON. */
svft_status svft_session_describe(svft_session *session, char **out);

/* ---- Adapters -------------------------------------------------------------------------------- */

/* Attaches a fresh adapter above the others; outputs are as before until it is trained. options:
 * {"method": "svft", "pattern": "banded", "d": 8, "targets": "all-linear"}, keys as in its own file
 * ("method": svft unless told). On rounded weights "quantization_aware": "frozen" ("recomputed",
 * "learned": the scales of blocks) trains what a merged file will compute, and "repair": true
 * starts from what the adapter can hold of the quantisation error. SVFT_UNSUPPORTED (no such
 * method), SVFT_MISMATCH (no such target, other latents), SVFT_STATE (another adapter replaces the
 * same tensor, or lies beneath a quantisation-aware one), SVFT_CANCELLED. */
svft_status svft_adapter_create(svft_model *model, const char *options, svft_adapter **out);
/* Attaches a saved adapter (a folder, also of PEFT's LoRA) with a scale, as svft_adapter_set_scale
 * has it. SVFT_MISMATCH where it belongs to another base, SVFT_IO, SVFT_FORMAT, SVFT_TRUNCATED,
 * SVFT_UNSUPPORTED, SVFT_NON_FINITE, SVFT_STATE, SVFT_CANCELLED. */
svft_status svft_adapter_load(svft_model *model, const char *path, float scale, svft_adapter **out);
/* Makes an adapter of a change that others have trained, attaches it, and reports as JSON what
 * share of it was captured, per module and in all, and what changed but has no place in it. path: a
 * saved adapter (PEFT's LoRA too), a LoRA in a GGUF file, a file of dense changes (as
 * svft_adapter_export writes it), or another model of this architecture, whose difference to this
 * one is the change. options: NULL, or those of svft_adapter_create ("method" is svft unless told,
 * "targets" chooses among the modules that change); "from": "adapter", "gguf-lora", "delta" or
 * "model" (unless told, what the path holds); "any_base": true takes dense changes of another base.
 * svft takes the entries of U^T dW V on its pattern ("topk": the largest), lora the best factors of
 * rank "r", full all. SVFT_MISMATCH (other modules, base or architecture), SVFT_SHAPE, SVFT_FORMAT,
 * SVFT_UNSUPPORTED, SVFT_TRUNCATED, SVFT_IO, SVFT_NON_FINITE, SVFT_STATE, SVFT_CANCELLED. */
svft_status svft_adapter_import(svft_model *model, const char *path, const char *options,
                                svft_adapter **out, char **out_report);
/* Makes one adapter of several of one model and one method (svft, lora), each with its scale as
 * weight, and attaches it; the others stay as they are. options: "rule" is "sum" (the default),
 * "mean", "ties" ("density") or "dare" ("drop", "seed"), the last two for svft only; "rank" cuts
 * the sum of lora, which is else exact. The report is JSON. SVFT_MISMATCH (methods or bases that
 * differ), SVFT_UNSUPPORTED, SVFT_STATE, SVFT_NON_FINITE. */
svft_status svft_adapter_sum(svft_adapter *const *adapters, size_t count, const char *options,
                             svft_adapter **out, char **out_report);
/* Frees, and detaches: where the model is busy, as soon as the call that uses it ends. */
void svft_adapter_free(svft_adapter *adapter);
/* Sets an adapter's factor on the change it makes; 0 turns it off without detaching. It keeps its
 * place among the others: turned on again it gives the same numbers. Methods that replace tensors
 * know 0 and 1 only; SVFT_STATE where another adapter replaces the same one. */
svft_status svft_adapter_set_scale(svft_adapter *adapter, float scale);
/* Writes adapter_config.json and adapter_model.safetensors into a folder, all or nothing. SVFT_IO,
 * SVFT_NO_SPACE, SVFT_STATE (a method that has yet to see data; a training run's checkpoints). */
svft_status svft_adapter_save(svft_adapter *adapter, const char *path);
/* Writes the adapter in another form: {"to": "peft", "rank": 8}, {"to": "gguf-lora"} or {"to":
 * "delta"}; NULL is PEFT's LoRA at the smallest rank known to be exact, at most 256. The report is
 * JSON with the share of energy that was left out, per module and at most. SVFT_UNSUPPORTED where
 * tensors are replaced or scales trained, SVFT_IO, SVFT_NO_SPACE, SVFT_CANCELLED. */
svft_status svft_adapter_export(svft_adapter *adapter, const char *path, const char *options,
                                char **out_report);
/* Method, scale, modules, trained numbers per parameter, options, as JSON. */
svft_status svft_adapter_describe(svft_adapter *adapter, char **out);

/* ---- Training -------------------------------------------------------------------------------- */

typedef struct svft_trainer svft_trainer;

typedef struct svft_train_params {
  uint32_t struct_size;
  int32_t epochs;
  int64_t steps; /* optimiser steps; 0: by epochs */
  int32_t batch_size;
  int32_t grad_accumulation_steps;
  double learning_rate;
  double head_learning_rate; /* 0: the same */
  const char *optimizer;     /* "adamw", "sgd" */
  const char *lr_schedule;   /* "constant", "linear", "cosine" */
  int64_t warmup_steps;
  double warmup_ratio;
  double weight_decay;      /* of matrices and what adapters train; not of biases and norms */
  double beta1, beta2, epsilon, momentum;
  double max_grad_norm;     /* 0: no clipping */
  int32_t max_seq_length;   /* 0: the model's context */
  const char *on_long;      /* "truncate", "drop", "error" */
  const char *loss_on;      /* "all", "completion", "assistant" */
  const char *chat_layout;  /* "auto", "chatml", "plain" */
  uint64_t seed;
  double val_split;
  int64_t steps_per_eval;   /* 0: at the end only */
  int32_t patience;         /* evaluations without a better loss; 0: never stops early */
  int64_t save_every;       /* 0: at the end, when stopped, with patience at each best */
  int32_t save_total_limit; /* at least two are kept, and with patience the best */
  int64_t steps_per_report;
  int32_t resume;           /* 1: from the newest complete checkpoint of the output folder */
  int32_t gradient_checkpointing; /* 1: recomputes activations: less memory, same result */
} svft_train_params;

/* Fills defaults. SVFT_INVALID_ARGUMENT for a size that no release has. */
svft_status svft_train_params_init(svft_train_params *params, size_t struct_size);

/* A report of a run, during the callback; `event` is "step", "evaluation", "checkpoint", "skipped"
 * or "finished". Losses are means per counted token or record; elapsed, remaining are seconds. */
typedef struct svft_train_progress {
  const char *event;
  int64_t step, total_steps;
  double epoch, loss;
  double validation_loss; /* NaN where this is no evaluation */
  double gradient_norm, learning_rate;
  int64_t tokens;
  double tokens_per_second, elapsed, remaining;
} svft_train_progress;

typedef int32_t (*svft_train_callback)(void *user, const svft_train_progress *progress);

/* Prepares training of an attached adapter. `data`: a .jsonl or .txt file, or a folder with train
 * and valid files; `validation` may be NULL; `output` (metrics, checkpoints, the adapter) may be
 * NULL: nothing is written. Labels: names are classes, integers are classes from 0 (a score where
 * the model has a score head), other numbers (2.0) a score, lists all that hold. SVFT_DATA, SVFT_IO
 * (both with the place), SVFT_MISMATCH (adapter, data, checkpoint), SVFT_UNSUPPORTED, SVFT_BUSY
 * (another trainer writes to `output`), SVFT_STATE (`output` holds another run). */
svft_status svft_trainer_create(svft_adapter *adapter, const char *data, const char *validation,
                                const char *output, const svft_train_params *params,
                                svft_trainer **out);
/* Gives the handle back; what was trained stays in the adapter. */
void svft_trainer_free(svft_trainer *trainer);
/* Trains to the end; callback may be NULL. SVFT_CANCELLED after a checkpoint: call again (or resume
 * later) to go on. SVFT_NON_FINITE after ten skipped steps in a row, when all were skipped, or for
 * an evaluation without a finite loss; SVFT_STATE (the adapter is detached or off), SVFT_IO,
 * SVFT_NO_SPACE. */
svft_status svft_trainer_run(svft_trainer *trainer, svft_train_callback callback, void *user);
/* One optimiser step; *out_loss is its mean loss. SVFT_STATE after the last, else as a run. */
svft_status svft_trainer_step(svft_trainer *trainer, double *out_loss);
/* Steps, losses, best evaluation, parameters, data, as JSON. */
svft_status svft_trainer_describe(svft_trainer *trainer, char **out);
/* Trains a fresh adapter on each group of modules, all of about as many numbers, and judges each,
 * and the base, on held-out data. options: NULL or {"groups": ["q_proj", "q_proj,v_proj"] (or else
 * each kind of module alone, "attention", "mlp", "all"), "budget": trained numbers, "seeds": runs
 * of each, "adapter": options of svft_adapter_create but targets and size, "training": fields of
 * svft_train_params}. out: a report, JSON, which `output` (or NULL) gets after each run too, drawn
 * beside it: ablation.json, ablation.svg. A call with the same options goes on from there, one with
 * others is SVFT_MISMATCH. Else as svft_trainer_create and svft_trainer_run. */
svft_status svft_model_ablate(svft_model *model, const char *data, const char *validation,
                              const char *output, const char *options,
                              svft_progress_callback progress, void *user, char **out);
/* Draws a metrics.jsonl, spectra reported by svft_inspect, or an ablation.json as an .svg file.
 * SVFT_IO, SVFT_FORMAT, SVFT_DATA where there is nothing to draw, SVFT_NO_SPACE. */
svft_status svft_plot(const char *metrics, const char *path);

#ifdef __cplusplus
}
#endif

#endif
