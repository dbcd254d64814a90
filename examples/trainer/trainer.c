/* trainer: a variational auto-encoder on batches drawn with diversity weights, or evenly.
 *
 *     trainer INPUT --weights weights.npy --checkpoint run.ckpt --samples 1000 --output samples.npy --grid samples.png
 *
 * README.md says more, and `trainer --help` lists all options. */
#define _POSIX_C_SOURCE 200809L
#include "checkpoint.h"
#include "files.h"
#include "images.h"
#include "random.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const char program_name[] = "trainer";

enum { CODES = BATCH * LATENT, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

static volatile sig_atomic_t interrupted;

static void interrupt(int number) {
  (void)number;
  interrupted = 1;
}

/* From here on Ctrl-C is asked for between batches. */
static void catch_interrupts(void) {
  const struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESTART};
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- training ---- */

typedef struct {
  double began, shown; /* seconds */
  int64_t first;       /* the step that this run began with */
  double loss;         /* mean of all batches up to 100, then of about the last 100 */
} progress;

/* On a terminal, and five times a second at most. */
static void show(progress *so_far, int64_t step, int64_t steps, double loss) {
  const double now = seconds();
  so_far->loss += fmax(1.0 / (double)(step - so_far->first), 0.01) * (loss - so_far->loss);
  if (isatty(STDERR_FILENO) && (now - so_far->shown > 0.2 || step == steps)) {
    fprintf(stderr, "\rbatch %" PRId64 " of %" PRId64 "  loss %.2f%s", step, steps, so_far->loss,
            step == steps ? "\n" : "");
    so_far->shown = now;
  }
}

static bool train_step(training *run, real *rows, real *noise, uint64_t seed, double *loss) {
  if (!batches_next(&run->from, rows)) {
    return false;
  }
  random_normal(random_part(seed, RANDOM_NOISE, (uint64_t)run->optimiser.step), CODES, noise);
  *loss = model_loss(&run->vae, rows, noise, BATCH);
  adam_step(&run->optimiser, run->vae.parameters, run->vae.gradient);
  return isfinite(*loss) || fail("the loss is %g at batch %" PRId64, *loss, run->optimiser.step);
}

static bool train_until(training *run, const settings *asked, int64_t steps, progress *so_far) {
  real noise[CODES], *rows = allocate(BATCH * run->vae.d, sizeof *rows);
  bool done = true;
  while (done && run->optimiser.step < steps && !interrupted) {
    double loss;
    done = train_step(run, rows, noise, (uint64_t)asked->seed, &loss);
    if (done) {
      show(so_far, run->optimiser.step, steps, loss);
    }
    if (done && asked->checkpoint != NULL && run->optimiser.step % asked->checkpoint_every == 0) {
      done = checkpoint_save(run, asked->checkpoint);
    }
  }
  free(rows);
  return done;
}

static bool train(training *run, const settings *asked) {
  const int64_t n = divw_dataset_count(run->from.examples);
  const int64_t steps = asked->steps >= 0 ? asked->steps : asked->epochs * ((n + BATCH - 1) / BATCH);
  progress so_far = {.began = seconds(), .first = run->optimiser.step};
  const bool done =
      train_until(run, asked, steps, &so_far) && (asked->checkpoint == NULL || checkpoint_save(run, asked->checkpoint));
  const int64_t trained = run->optimiser.step - so_far.first;
  if (done && interrupted) {
    fprintf(stderr, "\n");
    return fail("interrupted after batch %" PRId64 "%s%s", run->optimiser.step,
                asked->checkpoint != NULL ? "; the same command goes on from " : ", and there is no --checkpoint",
                asked->checkpoint != NULL ? asked->checkpoint : "");
  }
  if (done) {
    printf("examples   %" PRId64 " of %" PRId64 " numbers, %s\n", n, run->vae.d,
           asked->weights != NULL ? asked->weights : "uniform");
    printf("batches    %" PRId64 " of %d, %" PRId64 " of them now\n", run->optimiser.step, BATCH, trained);
    printf("seconds    %.1f\n", seconds() - so_far.began);
    if (trained > 0) {
      printf("loss       %.3f nats per example, mean of about the last 100 batches\n", so_far.loss);
      batches_print_shares(&run->from);
    }
  }
  return done;
}

/* ---- samples ---- */

/* Means become what the data are: numbers, or bytes; pixels are drawn first, unless means are asked for. */
static void convert(const settings *asked, const real *means, int64_t first, int64_t size, void *out, bool bytes) {
  const random_sequence chance = random_part((uint64_t)asked->seed, RANDOM_PIXELS, 0);
  for (int64_t i = first; i < first + size; i++) {
    double value = (double)means[i - first];
    if (!asked->means) {
      value = random_uniform(chance, (uint64_t)i) < value;
    }
    if (bytes) {
      ((unsigned char *)out)[i] = (unsigned char)lround(255 * value);
    } else {
      ((float *)out)[i] = (float)value;
    }
  }
}

static void fill_samples(training *run, const settings *asked, void *out, bool bytes) {
  const int64_t d = run->vae.d;
  real codes[CODES], *means = allocate(BATCH * d, sizeof *means);
  for (int64_t first = 0; first < asked->samples && !interrupted; first += BATCH) {
    const int64_t count = asked->samples - first < BATCH ? asked->samples - first : BATCH;
    random_normal(random_part((uint64_t)asked->seed, RANDOM_CODES, (uint64_t)first), CODES, codes);
    model_decode(&run->vae, codes, count, means);
    convert(asked, means, first * d, count * d, out, bytes);
  }
  free(means);
}

static bool save_samples(const training *run, const settings *asked, const void *out, int32_t dtype) {
  const image_shape shape = image_shape_of(run->from.examples);
  divw_dataset *samples = NULL;
  const bool done =
      (asked->output == NULL || save_npy(asked->output, out, asked->samples, run->vae.d, dtype, shape)) &&
      (asked->grid == NULL || (ok(divw_dataset_create_borrowed(&samples, out, asked->samples, run->vae.d, dtype, 0)) &&
                               save_grid(asked->grid, &samples, 1, shape)));
  divw_dataset_destroy(samples);
  return done;
}

static bool sample(training *run, const settings *asked) {
  const bool bytes = divw_dataset_dtype(run->from.examples) == DIVW_UINT8;
  void *out = allocate(asked->samples * run->vae.d, bytes ? 1 : sizeof(float));
  fill_samples(run, asked, out, bytes);
  const bool done = interrupted ? fail("interrupted; no samples were written")
                                : save_samples(run, asked, out, bytes ? DIVW_UINT8 : DIVW_FLOAT32);
  free(out);
  return done;
}

/* ---- all of it ---- */

/* Before minutes of training, not after. */
static bool outputs_are_possible(const training *run, const settings *asked) {
  const char *const paths[] = {asked->checkpoint, asked->output, asked->grid};
  const char *const inputs[] = {asked->input, asked->labels, asked->rows, asked->weights};
  for (size_t k = 0; k < sizeof paths / sizeof paths[0]; k++) {
    for (size_t j = 0; paths[k] != NULL && j < sizeof inputs / sizeof inputs[0]; j++) {
      if (inputs[j] != NULL && strcmp(paths[k], inputs[j]) == 0) {
        return fail("%s: is read and would be overwritten", paths[k]);
      }
    }
    if (paths[k] != NULL && !is_writable(paths[k])) {
      return false;
    }
  }
  return asked->grid == NULL || image_shape_of(run->from.examples).width > 0 ||
         fail("%s: its rows of %" PRId64 " numbers are no images, which --grid needs", asked->input, run->vae.d);
}

static bool open_run(training *run, const settings *asked) {
  return ok(divw_set_threads((int32_t)asked->threads)) && batches_open(&run->from, asked) &&
         ((model_create(&run->vae, divw_dataset_dimension(run->from.examples), BATCH, (uint64_t)asked->seed) &&
           adam_create(&run->optimiser, run->vae.size)) ||
          fail("out of memory")) &&
         outputs_are_possible(run, asked) && (asked->checkpoint == NULL || checkpoint_load(run, asked->checkpoint));
}

int main(int argc, char **argv) {
  settings asked;
  training run = {0};
  if (!settings_read(&asked, argc, argv)) {
    return EXIT_USAGE;
  }
  if (asked.help) {
    return EXIT_SUCCESS;
  }
  bool done = open_run(&run, &asked);
  catch_interrupts();
  done = done && train(&run, &asked) && (asked.samples == 0 || sample(&run, &asked));
  adam_destroy(&run.optimiser);
  model_destroy(&run.vae);
  batches_close(&run.from);
  return done ? EXIT_SUCCESS : interrupted ? EXIT_INTERRUPTED : EXIT_FAILURE;
}
