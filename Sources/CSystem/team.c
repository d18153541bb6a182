/*
 * A pool of sleeping threads, and teams made from it: one region = wake some idle workers, run the
 * body on all and on the caller, wait for the last. Started at the first region that asks for more
 * than one.
 *
 * Own threads instead of OpenMP, after measuring both (2 cores, median of an empty region of two:
 * here 0.4 us, libomp 1.1, libgomp 1.0). libomp aborts the host when a second copy of it is in the
 * process (libiomp5 of a Python wheel) or OMP_NUM_THREADS is malformed; libgomp hangs in a forked
 * child.
 *
 * Waiting is a bounded spin (about 40 us at most), then a futex: an oversubscribed machine still
 * progresses. A worker is idle, or belongs to exactly one region; nested and concurrent regions
 * take what is idle and never wait for each other, so nothing can deadlock. A forked child starts
 * afresh.
 */
#define _GNU_SOURCE
#include "system.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 64, STACK_BYTES = 2 << 20, LONG_SPIN = 700, SHORT_SPIN = 10 };
static const uint32_t SLEEPING = 1u << 31;

/* The barrier of one team: members count up in `arrived`; the last one opens the next `phase`. */
struct meeting {
  _Alignas(LINE) _Atomic uint32_t arrived;
  _Alignas(LINE) _Atomic uint32_t phase;
  _Atomic uint32_t sleepers;
  uint32_t size;
  int spin;
};

/* One region. It lives on the caller's stack; `running` counts the workers that still need it, and
   carries SLEEPING while the caller sleeps on it. */
struct region {
  struct meeting meeting;
  _Alignas(LINE) _Atomic uint32_t running;
  svs_body body;
  void *context;
};

/* One thread of the pool. `orders` changes when it has a region, and is what it sleeps on. */
struct worker {
  _Alignas(LINE) _Atomic uint32_t orders;
  _Atomic uint32_t asleep;
  struct region *region;
  int id;
  struct worker *next;
};

static struct {
  pthread_mutex_t lock;
  struct worker *idle;
  int started;
  int processors;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER};

static inline void pause_briefly(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void futex_wait(_Atomic uint32_t *word, uint32_t while_value) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, while_value, NULL, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word, int count) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

void svs_meet(void *opaque) {
  struct meeting *meeting = opaque;
  uint32_t phase = atomic_load_explicit(&meeting->phase, memory_order_relaxed);
  if (atomic_fetch_add(&meeting->arrived, 1) + 1 == meeting->size) {
    atomic_store_explicit(&meeting->arrived, 0, memory_order_relaxed);
    atomic_store(&meeting->phase, phase + 1);
    if (atomic_load(&meeting->sleepers)) futex_wake(&meeting->phase, INT32_MAX);
    return;
  }
  for (int i = 0; i < meeting->spin; i++) {
    if (atomic_load_explicit(&meeting->phase, memory_order_acquire) != phase) return;
    pause_briefly();
  }
  /* The count of sleepers goes up before the kernel compares the phase, and the last member opens
     the phase before it reads the count: one of the two sees the other. */
  atomic_fetch_add(&meeting->sleepers, 1);
  while (atomic_load(&meeting->phase) == phase) futex_wait(&meeting->phase, phase);
  atomic_fetch_sub(&meeting->sleepers, 1);
}

static void *work(void *argument) {
  struct worker *self = argument;
  uint32_t seen = 0;
  for (;;) {
    for (int i = 0; i < LONG_SPIN; i++) {
      if (atomic_load_explicit(&self->orders, memory_order_acquire) != seen) break;
      pause_briefly();
    }
    if (atomic_load(&self->orders) == seen) {
      atomic_store(&self->asleep, 1);
      while (atomic_load(&self->orders) == seen) futex_wait(&self->orders, seen);
      atomic_store(&self->asleep, 0);
    }
    seen = atomic_load_explicit(&self->orders, memory_order_acquire);
    struct region *region = self->region;
    region->body(self->id, region->meeting.size, &region->meeting, region->context);
    /* From here on the region may be gone; waking an address that is gone is harmless. */
    if (atomic_fetch_sub(&region->running, 1) == (SLEEPING | 1)) futex_wake(&region->running, 1);
  }
  return NULL;
}

/* In a forked child none of the threads exist: forget them (their few bytes stay behind). */
static void forget_threads(void) {
  pthread_mutex_init(&pool.lock, NULL);
  pool.idle = NULL;
  pool.started = 0;
}

/* One more worker, or NULL. All its signals are blocked: they belong to the host's threads. */
static struct worker *start_worker(void) {
  struct worker *worker = aligned_alloc(LINE, (sizeof *worker + LINE - 1) / LINE * LINE);
  if (!worker) return NULL;
  *worker = (struct worker){0};
  pthread_attr_t attributes;
  sigset_t all, before;
  sigfillset(&all);
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  int failed = pthread_create(&thread, &attributes, work, worker);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  if (failed) {
    free(worker);
    return NULL;
  }
  return worker;
}

/* Takes up to `count` idle workers, starting more where the pool has fewer than the region asks for
   (or than processors, so that two host threads can have a team each). Returns their list. */
static struct worker *take_workers(int count, int *taken) {
  static int registered;
  struct worker *list = NULL;
  *taken = 0;
  pthread_mutex_lock(&pool.lock);
  if (!registered) {
    registered = 1;
    pthread_atfork(NULL, NULL, forget_threads);
    pool.processors = svs_processors();
  }
  int limit = count > pool.processors - 1 ? count : pool.processors - 1;
  while (*taken < count) {
    struct worker *worker = pool.idle;
    if (worker) {
      pool.idle = worker->next;
    } else {
      if (pool.started >= limit || !(worker = start_worker())) break;
      pool.started++;
    }
    worker->next = list;
    list = worker;
    ++*taken;
  }
  pthread_mutex_unlock(&pool.lock);
  return list;
}

static void return_workers(struct worker *list) {
  if (!list) return;
  struct worker *last = list;
  while (last->next) last = last->next;
  pthread_mutex_lock(&pool.lock);
  last->next = pool.idle;
  pool.idle = list;
  pthread_mutex_unlock(&pool.lock);
}

__attribute__((swiftcall)) void svs_team_run(intptr_t threads, svs_body body, void *context) {
  int taken = 0;
  struct worker *team = threads > 1 ? take_workers((int)threads - 1, &taken) : NULL;
  struct region region = {.body = body, .context = context};
  region.meeting.size = (uint32_t)taken + 1;
  region.meeting.spin = taken < pool.processors ? LONG_SPIN : SHORT_SPIN;
  atomic_init(&region.running, (uint32_t)taken);
  int id = 1;
  for (struct worker *worker = team; worker; worker = worker->next) {
    worker->region = &region;
    worker->id = id++;
    atomic_fetch_add(&worker->orders, 1);
    if (atomic_load(&worker->asleep)) futex_wake(&worker->orders, 1);
  }
  body(0, taken + 1, &region.meeting, context);
  for (int i = 0; i < region.meeting.spin && atomic_load(&region.running); i++) pause_briefly();
  for (;;) {
    uint32_t running = atomic_load(&region.running);
    if ((running & ~SLEEPING) == 0) break;
    if (running & SLEEPING || atomic_compare_exchange_strong(&region.running, &running,
                                                             running | SLEEPING)) {
      futex_wait(&region.running, running | SLEEPING);
    }
  }
  return_workers(team);
}

int svs_processors(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  int count = CPU_COUNT(&set);
  return count < 1 ? 1 : count;
}

double svs_seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}
