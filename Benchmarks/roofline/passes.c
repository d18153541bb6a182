/* Kernels that pass over rows of values: norms, rotations, activations, softmax, sums, optimisers.
 * Operations are additions and multiplications as the sources have them, a polynomial's too;
 * divisions and square roots count as one. */
#include <stdlib.h>

#include "kernels.h"
#include "measure.h"

enum { EXPONENTIAL = 24, HEAD = 64 };

/* Values [rows, width] and what kernels make of them. */
typedef struct {
  int64_t count, width;
  float *x, *y, *g, *d;
  float *inverse, *weight, *angles;
} values;

static svk_norm norm_of(const values *v) {
  return (svk_norm){v->count / v->width, v->width, v->weight, 0, 1e-5f};
}

static void rms_norm(void *subject) {
  values *v = subject;
  svk_rms_norm(norm_of(v), v->x, v->y, v->inverse);
}
static void rms_norm_back(void *subject) {
  values *v = subject;
  svk_rms_norm_backward(norm_of(v), v->x, v->inverse, v->g, v->d, NULL, 0);
}
static void layer_norm(void *subject) {
  values *v = subject;
  svk_layer_norm(norm_of(v), v->weight, v->x, v->y, NULL, v->inverse);
}
static void rotate(void *subject) {
  values *v = subject;
  svk_rotation turn = {v->width / HEAD, HEAD, HEAD / 2, v->angles, 1, 0, 0};
  for (int64_t i = 0; i < v->count; i += v->width) svk_rotate(&turn, v->x + i, v->y + i);
}
static void silu(void *subject) {
  values *v = subject;
  svk_silu(v->x, v->y, v->count);
}
static void silu_back(void *subject) {
  values *v = subject;
  svk_silu_backward(v->x, v->g, v->d, v->count, 0);
}
static void gate_back(void *subject) {
  values *v = subject;
  int64_t half = v->count / 2;
  svk_gate gate = {v->x, v->x + half, v->g, v->d, v->d + half, 0, 0};
  svk_silu_gate_backward(&gate, half);
}
static void gelu(void *subject) {
  values *v = subject;
  svk_gelu(v->x, v->y, v->count);
}
static void gelu_tanh(void *subject) {
  values *v = subject;
  svk_gelu_tanh(v->x, v->y, v->count);
}
static void softmax(void *subject) {
  values *v = subject;
  for (int64_t i = 0; i < v->count; i += v->width) svk_softmax_row(v->y + i, v->width);
}
static void softmax_back(void *subject) {
  values *v = subject;
  for (int64_t i = 0; i < v->count; i += v->width) {
    svk_softmax_gradient(v->x + i, 8, v->d + i, 0.01f, 0.125f, v->width);
  }
}
static void log_sum_exp(void *subject) {
  values *v = subject;
  for (int64_t i = 0; i < v->count; i += v->width) {
    v->inverse[0] = (float)svk_log_sum_exp(v->x + i, v->width);
  }
}
static void add(void *subject) {
  values *v = subject;
  svk_add(v->x, v->g, v->y, v->count);
}

void measure_passes(int64_t count, int64_t width) {
  width = width / HEAD * HEAD;
  count = count / width * width;
  int64_t rows = count / width, bytes = count * 4;
  values v = {count,        width,           block(bytes),    block(bytes),    block(bytes),
              block(bytes), block(rows * 4), block(width * 4), block(HEAD * 4)};
  for (int64_t i = 0; i < count; i++) {
    v.x[i] = (float)(i * 37 % 101) / 50 - 1;
    v.g[i] = (float)(i * 53 % 103) / 51 - 1;
  }
  for (int64_t i = 0; i < width; i++) v.weight[i] = 1;
  /* Operations and arrays that are read or written, for each value. */
  const struct {
    const char *name;
    void (*run)(void *);
    int operations;
    double arrays;
  } passes[] = {
      {"RMS norm", rms_norm, 4, 2},
      {"RMS norm, back", rms_norm_back, 9, 3},
      {"layer norm", layer_norm, 8, 2},
      {"rotation", rotate, 3, 2},
      {"SiLU", silu, EXPONENTIAL + 3, 2},
      {"SiLU, back", silu_back, EXPONENTIAL + 7, 3},
      {"SiLU gate, back", gate_back, (EXPONENTIAL + 10) / 2, 2.5},
      {"GELU by erf", gelu, EXPONENTIAL + 34, 2},
      {"GELU by tanh", gelu_tanh, EXPONENTIAL + 22, 2},
      {"softmax of rows", softmax, EXPONENTIAL + 4, 2},
      {"softmax, back", softmax_back, EXPONENTIAL + 3, 4},
      {"log sum exp", log_sum_exp, EXPONENTIAL + 3, 1},
      {"sum of two", add, 1, 3},
  };
  for (size_t i = 0; i < sizeof passes / sizeof *passes; i++) {
    effort effort = {(double)(count * passes[i].operations), (double)bytes * passes[i].arrays};
    report(passes[i].name, "f32", rows, effort, (task){passes[i].run, &v});
  }
  float *all[] = {v.x, v.y, v.g, v.d, v.inverse, v.weight, v.angles};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

/* Parameters, gradients and moments. */
typedef struct {
  int64_t count;
  float *x, *g, *m, *v;
} parameters;

static void adamw(void *subject) {
  parameters *p = subject;
  svk_adamw settings = {1e-9f, 0.9f, 0.999f, 1e-8f, 0.01f, 0.5, 0.5};
  svk_adamw_update(settings, p->x, p->g, p->m, p->v, p->count);
}
static void momentum(void *subject) {
  parameters *p = subject;
  svk_sgd_update(1e-9f, 0.5f, 0.01f, p->x, p->g, p->m, p->count);
}

void measure_optimizers(int64_t count) {
  int64_t bytes = count * 4;
  parameters p = {count, block(bytes), block(bytes), block(bytes), block(bytes)};
  for (int64_t i = 0; i < count; i++) {
    p.x[i] = (float)(i * 37 % 101) / 50 - 1;
    p.g[i] = 1e-3f;
  }
  report("AdamW", "f32", count, (effort){14.0 * (double)count, 7.0 * (double)bytes},
         (task){adamw, &p});
  report("SGD with momentum", "f32", count, (effort){5.0 * (double)count, 5.0 * (double)bytes},
         (task){momentum, &p});
  float *all[] = {p.x, p.g, p.m, p.v};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}
