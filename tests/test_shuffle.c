/* Permutations that are computed an element at a time: that they are some, and that all of them come. */
#include "check.h"
#include "masses.h"
#include "sampler/sample.h"

#include <math.h>

static double uniform_deviation(const int64_t *hits, int64_t cells, double total) {
  double expected[1000];
  assert_true(cells <= 1000);
  for (int64_t i = 0; i < cells; i++) {
    expected[i] = total / (double)cells;
  }
  return deviation(hits, expected, cells);
}

static dw_shuffle shuffle_of(uint64_t m, uint32_t epoch) {
  return dw_shuffle_make(m, (dw_sequence){42, epoch, DW_PURPOSE_SHUFFLE});
}

static void shuffles_are_permutations(void **state) {
  (void)state;
  static bool seen[70000];
  for (uint64_t m = 1; m <= 70000; m += m < 300 ? 1 : m * 3 / 4) {
    const dw_shuffle shuffle = shuffle_of(m, 1);
    assert_true(shuffle.width * shuffle.height >= m);
    for (uint64_t tweak = 0; tweak < 3; tweak++) {
      memset(seen, 0, sizeof seen);
      for (uint64_t x = 0; x < m; x++) {
        const uint64_t y = dw_shuffle_at(&shuffle, tweak, x);
        assert_true(y < m && !seen[y]);
        seen[y] = true;
      }
    }
  }
  const uint64_t most = UINT64_C(1) << 40;
  const dw_shuffle shuffle = shuffle_of(most, 1);
  assert_true(shuffle.width == UINT64_C(1) << 20 && shuffle.height == shuffle.width);
  assert_true(dw_shuffle_at(&shuffle, 0, most - 1) < most);
}

/* All orders of 2 to 6 elements, over epochs and over tweaks. */
static void small_shuffles_are_uniform(void **state) {
  (void)state;
  enum { TIMES = 72000 };
  for (uint64_t m = 2; m <= 6; m++) {
    int64_t orders = 1; /* of them, each has a number (Lehmer's) */
    for (uint64_t k = 2; k <= m; k++) {
      orders *= (int64_t)k;
    }
    for (int by_tweak = 0; by_tweak <= 1; by_tweak++) {
      int64_t hits[720] = {0};
      const dw_shuffle fixed = shuffle_of(m, 7);
      for (uint32_t time = 0; time < TIMES; time++) {
        const dw_shuffle shuffle = by_tweak ? fixed : shuffle_of(m, time);
        uint64_t order[6], number = 0;
        for (uint64_t x = 0; x < m; x++) {
          order[x] = dw_shuffle_at(&shuffle, by_tweak ? time : 0, x);
          uint64_t smaller = order[x];
          for (uint64_t y = 0; y < x; y++) {
            smaller -= order[y] < order[x];
          }
          number = number * (m - x) + smaller;
        }
        hits[number]++;
      }
      const double found = uniform_deviation(hits, orders, TIMES);
      assert_true(fabs(found) < 4);
    }
  }
}

/* All places of two neighbours, below and above the number from which fewer rounds do. */
static void neighbours_go_anywhere(void **state) {
  (void)state;
  enum { TIMES = 60000, MOST = 300 };
  static int64_t hits[MOST * MOST];
  static double expected[MOST * MOST];
  const uint64_t sizes[] = {7, 9, 12, 21, 54, 257, 299};
  for (int s = 0; s < 7; s++) {
    const uint64_t m = sizes[s], pairs = m * (m - 1);
    memset(hits, 0, sizeof hits);
    for (uint64_t k = 0; k < pairs; k++) {
      expected[k] = (double)TIMES / (double)pairs;
    }
    for (uint32_t epoch = 0; epoch < TIMES; epoch++) {
      const dw_shuffle shuffle = shuffle_of(m, epoch);
      const uint64_t y = dw_shuffle_at(&shuffle, 0, m / 2), z = dw_shuffle_at(&shuffle, 0, m / 2 + 1);
      hits[y * (m - 1) + z - (z > y)]++;
    }
    assert_true(fabs(deviation(hits, expected, (int64_t)pairs)) < 4);
  }
}

/* Where an element goes, and how far from where its neighbour goes. */
static void large_shuffles_are_uniform(void **state) {
  (void)state;
  enum { TIMES = 300, CELLS = 100 };
  for (uint64_t m = 1000; m <= 1000000; m = m * 10 + 7) {
    int64_t places[CELLS] = {0}, steps[CELLS] = {0}, corners[CELLS] = {0};
    for (uint32_t epoch = 0; epoch < TIMES; epoch++) {
      const dw_shuffle shuffle = shuffle_of(m, epoch);
      for (uint64_t k = 0; k < 200; k++) {
        const uint64_t x = k * 4, y = dw_shuffle_at(&shuffle, 0, x), z = dw_shuffle_at(&shuffle, 0, x + 1);
        places[y * CELLS / m]++;
        steps[(y + m - z) % m * CELLS / m]++;
        corners[y * 10 / m * 10 + z * 10 / m]++;
      }
    }
    assert_true(fabs(uniform_deviation(places, CELLS, TIMES * 200)) < 4);
    assert_true(fabs(uniform_deviation(steps, CELLS, TIMES * 200)) < 4);
    assert_true(fabs(uniform_deviation(corners, CELLS, TIMES * 200)) < 4);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shuffles_are_permutations),
      cmocka_unit_test(small_shuffles_are_uniform),
      cmocka_unit_test(neighbours_go_anywhere),
      cmocka_unit_test(large_shuffles_are_uniform),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
