/* Timing and reporting of what is measured on one core. */
#ifndef SVFT_ROOFLINE_MEASURE_H
#define SVFT_ROOFLINE_MEASURE_H

#include <stdint.h>

/* Something to measure: `run` does it once. */
typedef struct {
  void (*run)(void *subject);
  void *subject;
} task;

/* What one run takes at least: arithmetic operations, and bytes that go in and out, once. */
typedef struct {
  double operations, bytes;
} effort;

/* How long a sample lasts at least, in seconds; five of them give a median. */
extern double sample_seconds;

/* Median seconds of one run, by the thread's own clock. */
double median_seconds(task task);
/* The name of an instruction set, as SVFT_ISA has it. */
const char *set_name(int isa);
/* Prints {"kernel", "format", "set", "tokens", "operations", "bytes", "seconds"} of the task. */
void report(const char *kernel, const char *format, int64_t tokens, effort effort, task task);
/* Memory of that many bytes, zero; ends the program where there is none. */
void *block(int64_t bytes);

/* Prints the limits of this core, {"limit", "set", "rate"}: operations or bytes per second. */
void measure_limits(void);
/* Every format's products with a matrix [rows, columns], for up to `most` tokens. */
void measure_products(int64_t rows, int64_t columns, int64_t most);
/* Attention's products: blocks of scores and of outputs, and few queries through a cache. */
void measure_heads(void);
/* Kernels that pass once over `count` values in rows of `width`. */
void measure_passes(int64_t count, int64_t width);
/* Optimiser steps of `count` numbers. */
void measure_optimizers(int64_t count);

#endif
