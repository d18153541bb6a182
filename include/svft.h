/* libsvft: load a transformer, attach SVFT adapters or relatives, fine-tune on the CPU, run the
 * result. Rules, once for all functions:
 *
 *   Status.   Every function that can fail returns svft_status; SVFT_OK is 0. svft_last_error()
 *             then has one sentence (expected, found, where) for this thread, valid until its next
 *             call.
 *             Success leaves it.
 *   Order.    Object, inputs, callback and its `user`, outputs last. A single output is called
 *             `out`; it is written on success only.
 *   Memory.   What …_load, …_create give you is freed by the type's …_free (NULL is fine; any
 *             order: children keep their parents alive). Strings handed out are freed by
 *             svft_string_free. Buffers are yours: you pass capacity, you get the count that was
 *             needed; too small is SVFT_LIMIT and writes nothing.
 *   Text.     UTF-8, zero-terminated. Outputs that describe something are JSON objects.
 *   Structs.  Params begin with struct_size; always fill them with …_params_init(&p, sizeof p)
 *             first. Passing NULL means the defaults. Fields are only ever appended.
 *   Threads.  A model and everything attached to it is used by one thread at a time; a second
 *             thread (or a callback that calls back into it) gets SVFT_BUSY. svft_model_cancel is
 *             the exception. Different models are independent. Callbacks run on the calling thread;
 *             non-zero cancels (SVFT_CANCELLED).
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
  const char *quantize;     /* "q8_0", "q4_0", "f16", "bf16", "f32"; NULL: as the file has it */
  const char *compute;      /* "f32": exact products; NULL or "default": the format's custom */
  uint64_t memory_limit;    /* bytes this model may use; 0: no limit */
  const char *cache_folder; /* where singular factors are kept; NULL: nowhere */
  int32_t copies_file;      /* 1: read the file instead of mapping it */
  svft_progress_callback progress;
  void *user;
  int32_t context_length; /* tokens of a sequence at most; 0: the model's own context */
} svft_model_params;

/* Fills defaults. SVFT_INVALID_ARGUMENT for a size this library does not know. */
svft_status svft_model_params_init(svft_model_params *params, size_t struct_size);

/* Loads a Hugging Face folder or a GGUF file. Weights stay mapped as they lie. */
svft_status svft_model_load(const char *path, const svft_model_params *params, svft_model **out);
void svft_model_free(svft_model *model);
/* Family, shapes, formats, parameters, memory, adapters, as JSON. */
svft_status svft_model_describe(svft_model *model, char **out);
/* Stops the work in progress on this model as soon as possible. Any thread, any signal handler. */
void svft_model_cancel(svft_model *model);
/* Ids of a text. special != 0 adds what the model expects around a text. Call with capacity 0 to
   size. */
svft_status svft_model_tokenize(svft_model *model, const char *text, int32_t special, int32_t *ids,
                                size_t capacity, size_t *out_count);
/* Text of ids, special tokens left out. Bytes that are no UTF-8 become U+FFFD. */
svft_status svft_model_detokenize(svft_model *model, const int32_t *ids, size_t count, char **out);
/* Logits of every position of a sequence, [count, vocabulary] row by row. */
svft_status svft_model_logits(svft_model *model, const int32_t *ids, size_t count, float *logits,
                              size_t capacity, size_t *out_count);
/* Computes (or finds in the cache) the singular factors of targets: "all-linear" or suffixes by
   commas. */
svft_status svft_model_factor(svft_model *model, const char *targets,
                              svft_progress_callback progress, void *user);
/* Writes the model with its active adapters merged: a Hugging Face folder (format "f32", "f16",
   "bf16") or,
 * where path ends in .gguf, a GGUF file of any format. NULL format keeps each tensor's own. `probe`
 * is a text on which drift is measured (NULL: a built-in one). The report is JSON: drift of logits,
 * what was transmitted, what of the tokenizer GGUF cannot hold. */
svft_status svft_model_save(svft_model *model, const char *path, const char *format,
                            const char *probe, svft_progress_callback progress, void *user,
                            char **out_report);
/* Describes any model, adapter or tensor file without loading it, as JSON. options: {"spectrum":
   true} … */
svft_status svft_inspect(const char *path, const char *options, char **out);
/* Measured speed of prefill, decode and training on this model, as JSON. options: {"prompt": 512 …}
   */
svft_status svft_model_bench(svft_model *model, const char *options, char **out);

/* ---- Running --------------------------------------------------------------------------------- */

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
  int32_t ignores_end;    /* 1: goes on past the model's own end token */
  int32_t parses_special; /* 1: special tokens written in the prompt count as such */
} svft_generation_params;

/* Fills defaults. */
svft_status svft_generation_params_init(svft_generation_params *params, size_t struct_size);

/* A token of sequence `index` and the text that is complete with it (valid UTF-8, may be empty). */
typedef int32_t (*svft_token_callback)(void *user, size_t index, int32_t token, const char *text);

/* Continues `count` prompts in one batch. out: `count` strings, each yours to free. callback may be
   NULL. */
svft_status svft_generate(svft_model *model, const char *const *prompts, size_t count,
                          const svft_generation_params *params, svft_token_callback callback,
                          void *user, char **out);
/* One vector per text, [count, width] row by row; normalised and pooled as the model's files say.
   */
svft_status svft_embed(svft_model *model, const char *const *texts, size_t count, float *vectors,
                       size_t capacity, size_t *out_count);
/* Class probabilities or scores as JSON: {"results": [{"label", "score", "scores"}…]}. pairs may be
   NULL, or
 * NULL inside. */
svft_status svft_classify(svft_model *model, const char *const *texts, const char *const *pairs,
                          size_t count, char **out);
/* Loss, perplexity, accuracy or correlation on a data file, as JSON. options: {"max_seq_length":
   512 …} */
svft_status svft_evaluate(svft_model *model, const char *data, const char *options,
                          svft_progress_callback progress, void *user, char **out);

/* ---- Adapters -------------------------------------------------------------------------------- */

typedef struct svft_adapter svft_adapter;

/* Attaches a fresh adapter. options: {"method": "svft", "pattern": "banded", "d": 8, "targets":
   "all-linear"};
 * the same keys as in an adapter's own file. */
svft_status svft_adapter_create(svft_model *model, const char *options, svft_adapter **out);
/* Attaches a saved adapter (a folder, also of PEFT's LoRA). SVFT_MISMATCH where it belongs to
   another base. */
svft_status svft_adapter_load(svft_model *model, const char *path, float scale, svft_adapter **out);
/* Detaches and frees. While the model is busy nothing happens, and svft_last_error() says so. */
void svft_adapter_free(svft_adapter *adapter);
/* Switches an adapter: its factor on the change it makes; 0 turns it off without detaching. */
svft_status svft_adapter_set_scale(svft_adapter *adapter, float scale);
/* Writes adapter_config.json and adapter_model.safetensors into a folder, all or nothing. */
svft_status svft_adapter_save(svft_adapter *adapter, const char *path);
/* Writes the adapter in another form: {"to": "peft", "rank": 8} or {"to": "gguf-lora"} or {"to":
   "delta"}.
 * The report is JSON with the share of energy that was left out. */
svft_status svft_adapter_export(svft_adapter *adapter, const char *path, const char *options,
                                char **out_report);
/* Method, targets, trained numbers per module, as JSON. */
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
  double weight_decay;
  double beta1, beta2, epsilon, momentum;
  double max_grad_norm;     /* 0: no clipping */
  int32_t max_seq_length;   /* 0: the model's context */
  const char *on_long;      /* "truncate", "drop", "error" */
  const char *loss_on;      /* "all", "completion", "assistant" */
  const char *chat_layout;  /* "auto", "chatml", "plain" */
  uint64_t seed;
  double val_split;
  int64_t steps_per_eval;   /* 0: at the end only */
  int32_t patience;         /* 0: never stops early */
  int64_t save_every;       /* 0: at the end and when stopped */
  int32_t save_total_limit;
  int64_t steps_per_report;
  int32_t resume;           /* 1: from the newest complete checkpoint of the output folder */
} svft_train_params;

/* Fills defaults. */
svft_status svft_train_params_init(svft_train_params *params, size_t struct_size);

/* A report of a run; `event` is "step", "evaluation", "checkpoint", "skipped" or "finished". */
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
   and valid
 * files; `validation` may be NULL; `output` (metrics, checkpoints, the adapter) may be NULL:
 * nothing is written. */
svft_status svft_trainer_create(svft_adapter *adapter, const char *data, const char *validation,
                                const char *output, const svft_train_params *params,
                                svft_trainer **out);
void svft_trainer_free(svft_trainer *trainer);
/* Trains to the end. Cancelled: SVFT_CANCELLED after a checkpoint; call again (or resume later) to
   go on. */
svft_status svft_trainer_run(svft_trainer *trainer, svft_train_callback callback, void *user);
/* One optimiser step. *out_loss is its mean loss; SVFT_STATE after the last step. */
svft_status svft_trainer_step(svft_trainer *trainer, double *out_loss);
/* Steps, losses, best evaluation, parameters, data, as JSON. */
svft_status svft_trainer_describe(svft_trainer *trainer, char **out);
/* Draws the curves of a metrics.jsonl (or an inspect --spectrum report) as an SVG file. */
svft_status svft_plot(const char *metrics, const char *path);

#ifdef __cplusplus
}
#endif

#endif
