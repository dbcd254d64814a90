/* Philox4x32-10 in the lanes of AVX2: eight blocks at once.
 *
 * A 256-bit register holds one word of four counters, each in the low half of 64 bits, because the one multiplication
 * of 32 x 32 -> 64 bits that AVX2 has reads the low halves and nothing else. So the words need no masking between
 * rounds: what a round leaves in the high halves is never read, and is cut off at the end. Two such groups take turns,
 * which hides most of the latency of a round; with four, the registers do not suffice (1.2 ns a number against 1.5,
 * and 1.5 with one; the scalar code takes 5).
 *
 * The file is compiled like all others; the attribute lets the compiler use AVX2 in these functions alone, and they are
 * entered only where the processor says that it has it.
 *
 * Source: Salmon, Moraes, Dror, Shaw, SC11; constants and counters as in random.c. */
#include "random.h"

#if defined(__x86_64__) && defined(__GNUC__)
/* Other processors have the code of random.c. NOLINTBEGIN(portability-simd-intrinsics) */
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

#define GROUPS INT64_C(2)
#define LANES INT64_C(4)
#define BLOCKS (GROUPS * LANES)

typedef struct {
  __m256i x0[GROUPS], x1[GROUPS], x2[GROUPS], x3[GROUPS];
} counters;

AVX2 static inline __m256i spread(uint64_t value) { return _mm256_set1_epi64x((int64_t)value); }

/* Counters of blocks whose numbers are already in x0. */
AVX2 static inline void complete(counters *c, dw_sequence sequence) {
  for (int64_t g = 0; g < GROUPS; g++) {
    c->x1[g] = _mm256_srli_epi64(c->x0[g], 32);
    c->x2[g] = spread(sequence.epoch);
    c->x3[g] = spread(sequence.purpose);
  }
}

AVX2 static inline void philox(counters *c, uint64_t seed) {
  const __m256i m0 = spread(0xD2511F53), m1 = spread(0xCD9E8D57);
  uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
  for (int round = 0; round < 10; round++) {
    const __m256i key0 = spread(k0), key1 = spread(k1);
    for (int64_t g = 0; g < GROUPS; g++) {
      const __m256i a = _mm256_mul_epu32(m0, c->x0[g]), b = _mm256_mul_epu32(m1, c->x2[g]);
      c->x0[g] = _mm256_xor_si256(_mm256_srli_epi64(b, 32), _mm256_xor_si256(c->x1[g], key0));
      c->x1[g] = b;
      c->x2[g] = _mm256_xor_si256(_mm256_srli_epi64(a, 32), _mm256_xor_si256(c->x3[g], key1));
      c->x3[g] = a;
    }
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
}

/* low + 2^32 high, of the low halves of both. */
AVX2 static inline __m256i join(__m256i low, __m256i high) {
  return _mm256_blend_epi32(low, _mm256_slli_epi64(high, 32), 0xAA);
}

AVX2 static void pairs_of(dw_sequence sequence, uint64_t first_pair, int64_t count, uint64_t *out) {
  for (int64_t k = 0; k < count; k += BLOCKS) {
    counters c;
    for (int64_t g = 0; g < GROUPS; g++) {
      const uint64_t base = first_pair + (uint64_t)(k + LANES * g);
      c.x0[g] = _mm256_add_epi64(spread(base), _mm256_set_epi64x(3, 2, 1, 0));
    }
    complete(&c, sequence);
    philox(&c, sequence.seed);
    for (int64_t g = 0; g < GROUPS; g++) {
      const __m256i even = join(c.x0[g], c.x1[g]), odd = join(c.x2[g], c.x3[g]);
      const __m256i front = _mm256_unpacklo_epi64(even, odd), back = _mm256_unpackhi_epi64(even, odd);
      __m256i *to = (__m256i *)(void *)(out + 2 * (k + LANES * g));
      _mm256_storeu_si256(to, _mm256_permute2x128_si256(front, back, 0x20));
      _mm256_storeu_si256(to + 1, _mm256_permute2x128_si256(front, back, 0x31));
    }
  }
}

AVX2 static void numbers_at(dw_sequence sequence, const uint64_t *places, int64_t count, uint64_t *out) {
  for (int64_t k = 0; k < count; k += BLOCKS) {
    counters c;
    __m256i place[GROUPS];
    for (int64_t g = 0; g < GROUPS; g++) {
      place[g] = _mm256_loadu_si256((const __m256i *)(const void *)(places + k + LANES * g));
      c.x0[g] = _mm256_srli_epi64(place[g], 1);
    }
    complete(&c, sequence);
    philox(&c, sequence.seed);
    for (int64_t g = 0; g < GROUPS; g++) {
      const __m256i even = join(c.x0[g], c.x1[g]), odd = join(c.x2[g], c.x3[g]);
      const __m256i is_odd = _mm256_sub_epi64(spread(0), _mm256_and_si256(place[g], spread(1)));
      _mm256_storeu_si256((__m256i *)(void *)(out + k + LANES * g), _mm256_blendv_epi8(even, odd, is_odd));
    }
  }
}

static int64_t whole_blocks(int64_t count) { return __builtin_cpu_supports("avx2") ? count - count % BLOCKS : 0; }

int64_t dw_random_pairs_avx2(dw_sequence sequence, uint64_t first_pair, int64_t pairs, uint64_t *out) {
  const int64_t count = whole_blocks(pairs);
  if (count > 0) {
    pairs_of(sequence, first_pair, count, out);
  }
  return count;
}

int64_t dw_random_at_avx2(dw_sequence sequence, const uint64_t *places, int64_t count, uint64_t *out) {
  const int64_t whole = whole_blocks(count);
  if (whole > 0) {
    numbers_at(sequence, places, whole, out);
  }
  return whole;
}
/* NOLINTEND(portability-simd-intrinsics) */

#else

int64_t dw_random_pairs_avx2(dw_sequence sequence, uint64_t first_pair, int64_t pairs, uint64_t *out) {
  (void)sequence, (void)first_pair, (void)pairs, (void)out;
  return 0;
}

int64_t dw_random_at_avx2(dw_sequence sequence, const uint64_t *places, int64_t count, uint64_t *out) {
  (void)sequence, (void)places, (void)count, (void)out;
  return 0;
}

#endif
