/* The file, in the byte order of the machine: "VAE 1", sizes, step, 80 bytes of the stream, parameters, the optimiser's
 * two arrays, and the CRC-32 of all that. Noise has no state (random.h). */
#include "checkpoint.h"

#include "files.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

typedef struct {
  char magic[8];
  int64_t bytes_of_real, d, hidden, latent; /* have to be the same where it is loaded */
  int64_t step;
} heading;

typedef struct {
  void *bytes;
  size_t size;
} part;

enum { PARTS = 5 };

static heading heading_of(const training *run) {
  return (heading){.magic = "VAE 1",
                   .bytes_of_real = sizeof(real),
                   .d = run->vae.d,
                   .hidden = HIDDEN,
                   .latent = LATENT,
                   .step = run->optimiser.step};
}

static void list_parts(part parts[PARTS], const training *run, heading *head, void *state) {
  const size_t size = (size_t)run->vae.size * sizeof(real);
  parts[0] = (part){head, sizeof *head};
  parts[1] = (part){state, DIVW_STREAM_STATE_BYTES};
  parts[2] = (part){run->vae.parameters, size};
  parts[3] = (part){run->optimiser.mean, size};
  parts[4] = (part){run->optimiser.square, size};
}

static bool write_parts(FILE *file, const void *what) {
  const part *parts = what;
  uint32_t check = 0;
  bool done = true;
  for (int k = 0; done && k < PARTS; k++) {
    check = (uint32_t)crc32_z(check, parts[k].bytes, parts[k].size);
    done = fwrite(parts[k].bytes, 1, parts[k].size, file) == parts[k].size;
  }
  return done && fwrite(&check, sizeof check, 1, file) == 1;
}

bool checkpoint_save(const training *run, const char *path) {
  heading head = heading_of(run);
  unsigned char state[DIVW_STREAM_STATE_BYTES];
  part parts[PARTS];
  list_parts(parts, run, &head, state);
  return ok(divw_stream_state(run->from.stream, state, sizeof state)) && save_file(path, write_parts, parts);
}

static bool read_parts(FILE *file, const part *parts, const heading *expected, const char *path) {
  const heading *head = parts[0].bytes;
  uint32_t check = 0, found;
  for (int k = 0; k < PARTS; k++) {
    if (fread(parts[k].bytes, 1, parts[k].size, file) != parts[k].size) {
      return fail("%s: %s", path, k == 0 ? "is no checkpoint" : "ends too early");
    }
    if (k == 0 && memcmp(head->magic, expected->magic, sizeof head->magic) != 0) {
      return fail("%s: is no checkpoint", path);
    }
    if (k == 0 && memcmp(&head->bytes_of_real, &expected->bytes_of_real, 4 * sizeof head->d) != 0) {
      return fail("%s: is of a model of %" PRId64 "-%" PRId64 "-%" PRId64 " numbers of %" PRId64
                  " bytes, expected %" PRId64 "-%" PRId64 "-%" PRId64 " of %" PRId64,
                  path, head->d, head->hidden, head->latent, head->bytes_of_real, expected->d, expected->hidden,
                  expected->latent, expected->bytes_of_real);
    }
    check = (uint32_t)crc32_z(check, parts[k].bytes, parts[k].size);
  }
  return (fread(&found, sizeof found, 1, file) == 1 && found == check && fgetc(file) == EOF && head->step >= 0) ||
         fail("%s: is damaged", path);
}

bool checkpoint_load(training *run, const char *path) {
  const heading expected = heading_of(run);
  heading head;
  unsigned char state[DIVW_STREAM_STATE_BYTES];
  part parts[PARTS];
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    return errno == ENOENT || fail("%s: cannot be read: %s", path, strerror(errno));
  }
  list_parts(parts, run, &head, state);
  const bool read = read_parts(file, parts, &expected, path);
  fclose(file);
  if (!read) {
    return false;
  }
  run->optimiser.step = head.step;
  return divw_stream_restore(run->from.stream, state, sizeof state) == DIVW_OK ||
         fail("%s: belongs to another run: %s", path, divw_error_message());
}
