/* Every kernel, declared once. Single-threaded; callers split rows or columns over their threads.
 *
 * Kernels trust their arguments: lengths are counted in elements, leading dimensions (ld…) in
 * elements, pointers to scratch are 64-byte aligned. Each has a portable body and faster variants
 * chosen by the processor (cpu.c). Results depend on shapes and on the instruction set, never on
 * how callers split. */
#ifndef SVFT_KERNELS_H
#define SVFT_KERNELS_H

#include <stdint.h>

/* ---- Instruction sets: 0 portable, 1 AVX2 (FMA, F16C), 2 AVX-512 (F, BW, VL, DQ), 3 with VNNI, 4
 * with BF16 too. */
int svk_isa_detected(void);
/* The best set for svk_isa_override: the detected one, or 4 where 3 was and its instructions are
 * spelled out. */
int svk_isa_runnable(void);
/* Sets the set for the calling thread; -1 ends it. For tests. */
void svk_isa_override(int isa);
/* Whether set 4 works without BF16 instructions: where the processor lacks them, and where the
 * calling thread wants it so, for tests. */
int svk_spells_out_bf16(void);
void svk_spell_out_bf16(int on);

/* ---- Element formats. */
typedef struct svk_format svk_format;
/* Every format with its type id in GGUF files, or one of ours from 65536 on where it has none. */
#define SVK_FORMATS(each)                                                                          \
  each(f32, 0) each(f16, 1) each(bf16, 30)                                                         \
  each(q4_0, 2) each(q4_1, 3) each(q5_0, 6) each(q5_1, 7) each(q8_0, 8)                            \
  each(q2_k, 10) each(q3_k, 11) each(q4_k, 12) each(q5_k, 13) each(q6_k, 14)                       \
  each(iq2_xxs, 16) each(iq2_xs, 17) each(iq2_s, 22) each(iq3_xxs, 18) each(iq3_s, 21)             \
  each(iq1_s, 19) each(iq1_m, 29) each(iq4_nl, 20) each(iq4_xs, 23)                                \
  each(tq1_0, 34) each(tq2_0, 35) each(mxfp4, 39) each(nvfp4, 40)                             \
  each(nf4, 65536)
#define SVK_DECLARE_FORMAT(name, type) const svk_format *svk_format_##name(void);
SVK_FORMATS(SVK_DECLARE_FORMAT)
/* The format of that type id, NULL where there is none. */
const svk_format *svk_format_of(uint32_t type);

int64_t svk_block_length(const svk_format *format);
int64_t svk_block_bytes(const svk_format *format);
/* Whether svk_integer_product takes the format. */
int svk_takes_integers(const svk_format *format);
/* Whether its blocks can stand in strips, be read by svk_head_scores and svk_head_mix, be trained
 * inside their rounding (cells), be written, and be written after the importance of values. */
int svk_forms_strips(const svk_format *format);
int svk_serves_heads(const svk_format *format);
int svk_has_cells(const svk_format *format);
int svk_encodes(const svk_format *format);
int svk_weighs(const svk_format *format);
void svk_decode(const svk_format *format, const void *source, int64_t count, float *target);
/* `importance` has a factor for the squared error of each value, or is NULL. Only a format that
 * weighs looks at it. */
void svk_encode(const svk_format *format, const float *source, const float *importance,
                int64_t count, void *target);

/* ---- Rounding cells (cells.c): all numbers that svk_recode gives one code. */
/* Whether each block begins with one F16 scale. */
int svk_has_block_scales(const svk_format *format);
/* Encodes with the scales that the blocks of `target` have already. */
void svk_recode(const svk_format *format, const float *source, int64_t count, void *target);
/* Moves each value to the nearest inside the cell of the same place in `source`. Returns how many
 * lay more than a cell away, which no encoder would have put there. */
int64_t svk_clamp_to_cells(const svk_format *format, const void *source, int64_t count,
                           float *values);
/* A number in each cell, where `random` says: evenly spread for even bytes. */
void svk_spread_in_cells(const svk_format *format, const void *source, int64_t count,
                         const uint8_t *random, float *values);

/* ---- Matrix products. alpha scales the product; accumulate != 0 adds to what is there. */
typedef struct {
  float alpha;
  int accumulate;
} svk_update;

/* How the bytes of a matrix lie: its rows one after the other; in strips; or its rows one after the
 * other, to be multiplied as strips are, bit for bit: some at a time are brought into them. */
enum { SVK_ROWS, SVK_STRIPS, SVK_ROWS_AS_STRIPS };

/* A matrix [rows, columns] of some format. */
typedef struct {
  const svk_format *format;
  const void *bytes;
  int64_t rows, columns;
  int arrangement;
  /* Whether products with F32 activations may round both sides to BF16, to nearest even, and add
   * in F32: they do from instruction set 4 on, but for few tokens and rows other than of BF16. */
  int rounds;
} svk_weights;

/* Strips: 16 rows side by side, as many bytes as the rows. Whether this processor multiplies the
 * format faster so. */
int svk_has_strips(const svk_format *format);
/* Rows first..<last of a matrix whose rows lie one after the other, into their places in strips at
 * `target`. */
void svk_pack_strips(svk_weights w, int64_t first, int64_t last, void *target);
/* The bytes of one row as rows lie, from either arrangement. */
void svk_copy_row(svk_weights w, int64_t row, void *target);
/* `count` rows from `first` as F32, dense. */
void svk_decode_rows(svk_weights w, int64_t first, int64_t count, float *target);

/* Bytes of scratch for any product over rows of `inner` values. */
int64_t svk_scratch_bytes(int64_t inner);

/* A[i, p] = a[i*row_stride + p*column_stride], or with `in_tiles` what svk_round_tile leaves. */
typedef struct {
  const float *a;
  int64_t row_stride, column_stride;
  int in_tiles;
} svk_matrix;

/* Activations rounded to BF16 once for all products of them: tiles of 12 tokens, together
 * (columns + 1)/2 * tokens floats. */
enum { SVK_TILE = 12 };
void svk_round_tile(const float *x, int64_t ldx, int64_t tokens, int64_t columns, int64_t tile,
                    float *target);
/* From how many tokens on svk_product reads tiles; 0 where it does not. */
int64_t svk_tiled_from(svk_weights w);

/* y[t*ldy + r] for r in first..<last: sum_k W[r, k] * x[t, k]; columns of x are not strided. In
 * strips, first is a multiple of 16. */
void svk_product(svk_weights w, int64_t first, int64_t last, svk_matrix x, int64_t tokens,
                 float *y, int64_t ldy, svk_update update, void *scratch);
/* dx[t*lddx + k] for k in first..<last (block bounds, or multiples of 32 in longer blocks):
 * sum_r W[r, k] * g[t*ldg + r]. */
void svk_transposed_product(svk_weights w, int64_t first, int64_t last, const float *g,
                            int64_t ldg, int64_t tokens, float *dx, int64_t lddx,
                            svk_update update, void *scratch);
/* C[i*ldc + j] = sum_p A[i, p] * B[p, j]; one stride of B is 1. Where it `rounds`, as with weights,
 * one of A's is 1 too. */
void svk_gemm_f32(int64_t m, int64_t n, int64_t k, svk_matrix a, svk_matrix b, float *c,
                  int64_t ldc, svk_update update, int rounds, void *scratch);

/* Activations rounded to 8 bit, in tiles of a few tokens (integer_product.h). Scales are those of
 * Q8_0 (rounded through F16). `columns` is a multiple of 32; a tile of n tokens takes n times the
 * bytes of one row. */
int64_t svk_quantized_row_bytes(int64_t columns);
/* Tokens of a tile for svk_integer_product of `tokens` with these weights; the last tile may have
 * fewer. */
int64_t svk_tile_tokens(svk_weights w, int64_t tokens);
/* Columns first..<last (block bounds) of the tile that begins at `target`. */
void svk_quantize_tile(const float *x, int64_t ldx, int64_t tokens, int64_t first, int64_t last,
                       void *target);
/* svk_product over rounded activations, tile after tile; sums are exact int32 within blocks. */
void svk_integer_product(svk_weights w, int64_t first, int64_t last, const void *x, int64_t tokens,
                         float *y, int64_t ldy, void *scratch);

/* ---- Products with a sparse square matrix, rows compressed: the cells of row i are
 * starts[i]..<starts[i + 1], columns ascending. */
typedef struct {
  int64_t order;
  const int64_t *starts;
  const int32_t *columns;
  const float *values;
} svk_sparse;
/* y[t] (+)= alpha M x[t], or M^T x[t], for rows of `order`. Scratch: 32 * order floats. */
void svk_sparse_product(svk_sparse m, int transposed, const float *x, int64_t tokens, float *y,
                        svk_update update, float *scratch);
/* panel[i * 16 + t] = x[t * ldx + i] for i < order; zero for t in tokens..<16. */
void svk_turn_panel(const float *x, int64_t ldx, int64_t tokens, int64_t order, float *panel);
/* gradient[cell] += alpha sum_t g[t, i] x[t, j] for the cells of rows first..<last. `turned`: per
 * panel of 16 tokens, g and then x, each as svk_turn_panel leaves it. */
void svk_sparse_gradient(svk_sparse m, int64_t first, int64_t last, const float *turned,
                         int64_t panels, float alpha, float *gradient);

/* ---- Solving with a banded matrix whose factors L and U are known (band_f32.c): `lower`
 * [order][half], `upper` [order][2 * half + 1] with the inverse of the diagonal first, `pivots`
 * [order]. */
typedef struct {
  int64_t order, half;
  const float *lower, *upper;
  const int32_t *pivots;
} svk_band;
/* x[t] = A^-1 x[t] for rows of `order`. Scratch: 16 * order floats. */
void svk_band_solve(svk_band band, float *x, int64_t tokens, float *scratch);

/* ---- Vectors. */
float svk_dot(const float *a, const float *b, int64_t count);
double svk_sum_squares(const float *x, int64_t count);
double svk_sum(const float *x, int64_t count);
float svk_max_abs(const float *x, int64_t count);
int svk_all_finite(const float *x, int64_t count);
void svk_axpy(float alpha, const float *x, float *y, int64_t count);         /* y += alpha x */
void svk_scale(float alpha, const float *x, float *y, int64_t count);        /* y = alpha x */
void svk_add(const float *a, const float *b, float *y, int64_t count);       /* y = a + b */
void svk_multiply(const float *a, const float *b, float *y, int64_t count);  /* y = a b */
void svk_multiply_add(const float *a, const float *b, float *y, int64_t count); /* y += a b */

/* ---- Activations. Forward y = f(x), y may be x; backward dx = dy f'(x), or += with accumulate. */
void svk_exp(const float *x, float shift, float *y, int64_t count); /* y = e^(x - shift) */
void svk_sigmoid(const float *x, float *y, int64_t count);
void svk_sigmoid_backward(const float *x, const float *dy, float *dx, int64_t count,
                          int accumulate);
void svk_tanh(const float *x, float *y, int64_t count);
void svk_tanh_backward(const float *x, const float *dy, float *dx, int64_t count, int accumulate);
void svk_relu(const float *x, float *y, int64_t count);
void svk_relu_backward(const float *x, const float *dy, float *dx, int64_t count, int accumulate);
void svk_silu(const float *x, float *y, int64_t count);
void svk_silu_backward(const float *x, const float *dy, float *dx, int64_t count, int accumulate);
void svk_gelu(const float *x, float *y, int64_t count); /* x Phi(x), by erf */
void svk_gelu_backward(const float *x, const float *dy, float *dx, int64_t count, int accumulate);
void svk_gelu_tanh(const float *x, float *y, int64_t count);
void svk_gelu_tanh_backward(const float *x, const float *dy, float *dx, int64_t count,
                            int accumulate);
void svk_quick_gelu(const float *x, float *y, int64_t count);
void svk_quick_gelu_backward(const float *x, const float *dy, float *dx, int64_t count,
                             int accumulate);
void svk_squared_relu(const float *x, float *y, int64_t count);
void svk_squared_relu_backward(const float *x, const float *dy, float *dx, int64_t count,
                               int accumulate);
void svk_mish(const float *x, float *y, int64_t count);
void svk_mish_backward(const float *x, const float *dy, float *dx, int64_t count, int accumulate);

/* The way back of y = f(gate) up: dgate (+)= dy up f'(gate), dup (+)= dy f(gate). */
typedef struct {
  const float *gate, *up, *dy;
  float *dgate, *dup;
  int adds_gate, adds_up;
} svk_gate;
void svk_sigmoid_gate_backward(const svk_gate *g, int64_t count);
void svk_tanh_gate_backward(const svk_gate *g, int64_t count);
void svk_relu_gate_backward(const svk_gate *g, int64_t count);
void svk_silu_gate_backward(const svk_gate *g, int64_t count);
void svk_gelu_gate_backward(const svk_gate *g, int64_t count);
void svk_gelu_tanh_gate_backward(const svk_gate *g, int64_t count);
void svk_quick_gelu_gate_backward(const svk_gate *g, int64_t count);
void svk_squared_relu_gate_backward(const svk_gate *g, int64_t count);
void svk_mish_gate_backward(const svk_gate *g, int64_t count);

/* ---- Rows. */
/* x = softmax(x) in place; returns log sum exp of the original. Minus infinity masks. */
float svk_softmax_row(float *x, int64_t count);
/* log sum exp alone. */
double svk_log_sum_exp(const float *x, int64_t count);
/* x = p = e^(x - total), the softmax from its log sum exp; dp = p (dp - mean) scale. */
void svk_softmax_gradient(float *x, float total, float *dp, float mean, float scale,
                          int64_t count);

typedef struct {
  int64_t rows, width;
  const float *weight; /* [width] or NULL for ones */
  float weight_offset; /* added to every weight (Gemma's 1 + w) */
  float epsilon;
} svk_norm;
/* y = x r (w + offset), r = 1 / sqrt(mean x^2 + eps); `inverse` [rows] keeps r, may be NULL. */
void svk_rms_norm(svk_norm norm, const float *x, float *y, float *inverse);
/* dx (+)= …; dweight [width] += … where not NULL. */
void svk_rms_norm_backward(svk_norm norm, const float *x, const float *inverse, const float *dy,
                           float *dx, float *dweight, int accumulate);
/* y = (x - mean) r (w + offset) + bias; `mean`, `inverse` [rows] may be NULL. */
void svk_layer_norm(svk_norm norm, const float *bias, const float *x, float *y, float *mean,
                    float *inverse);
/* As above; dbias [width] += dy where not NULL. */
void svk_layer_norm_backward(svk_norm norm, const float *x, const float *mean,
                             const float *inverse, const float *dy, float *dx, float *dweight,
                             float *dbias, int accumulate);

/* ---- Attention of the queries that share one head of keys and values. */
/* The head's `width` values in each of `rows` rows, `row_bytes` apart; whole blocks. */
typedef struct {
  const svk_format *format;
  const void *bytes;
  int64_t row_bytes, rows, width;
} svk_head;
/* scores[t*lds + j] = scale * sum_d q[t*ldq + d] K[j, d]. */
void svk_head_scores(svk_head keys, const float *q, int64_t ldq, int64_t queries, float scale,
                     float *scores, int64_t lds);
/* out[t*ldo + d] (+)= sum_j weights[t*ldw + j] V[j, d]. */
void svk_head_mix(svk_head values, const float *weights, int64_t ldw, int64_t queries, float *out,
                  int64_t ldo, int accumulate);
/* The rows as F32, [rows, width] dense. */
void svk_head_decode(svk_head head, float *target);
/* A softmax that comes in parts: x = e^(x - m) for m = the largest of *largest and x, which becomes
 * *largest; *sum counts all parts. Returns what earlier parts are to be multiplied by. Before the
 * first part *largest is -inf and *sum 0. */
float svk_softmax_part(float *x, int64_t count, float *largest, float *sum);

/* A block of scores along whose diagonals numbers of relative positions lie: the pair (i, j) has
 * place places[i - j + columns - 1] of a row of `stride`. */
typedef struct {
  int64_t rows, columns;
  const int32_t *places; /* [rows + columns - 1] */
  int64_t stride;
} svk_skew;
/* scores[i*lds + j] += c[i, place] + d[j, place]; c and d may be NULL. */
void svk_skew_add(svk_skew s, const float *c, const float *d, float *scores, int64_t lds);
/* c[i, place] += scores[i*lds + j], d[j, place] += the same; c and d may be NULL. */
void svk_skew_gather(svk_skew s, const float *scores, int64_t lds, float *c, float *d);

typedef struct {
  int64_t heads, width, pairs; /* columns of a head; pairs that turn, 2 pairs <= width */
  const float *angles;         /* [2, pairs] cosines, sines */
  float sign;                  /* of the angle: 1 forward, -1 back */
  int adjacent;                /* columns 2i and 2i + 1 are a pair, else i and i + pairs */
  int accumulate;
} svk_rotation;
/* y (+)= x with the pairs of each head turned; x and y are apart. */
void svk_rotate(const svk_rotation *r, const float *x, float *y);

/* ---- Optimisers. One pass over parameters x and gradients g. */
typedef struct {
  float rate, beta1, beta2, epsilon, decay; /* decay: decoupled, x -= rate decay x */
  double correction1, correction2;          /* 1 - beta^t */
} svk_adamw;
void svk_adamw_update(svk_adamw settings, float *x, const float *g, float *m, float *v,
                      int64_t count);
/* m = momentum m + g + decay x; x -= rate m. m NULL: plain. */
void svk_sgd_update(float rate, float momentum, float decay, float *x, const float *g, float *m,
                    int64_t count);

#endif
