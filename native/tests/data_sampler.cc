// The sampler's permutation: a bijection for every size, and one that looks shuffled.
#include <cstdlib>
#include <vector>

#include "native/data/sampler.h"
#include "native/tests/check.h"

namespace synfire {
namespace {

bool IsBijection(uint64_t seed, uint32_t epoch, uint32_t n) {
  const Permutation permutation(seed, epoch, n);
  std::vector<bool> seen(n);
  for (uint32_t i = 0; i < n; ++i) {
    const uint32_t value = permutation(i);
    if (value >= n || seen[value]) return false;
    seen[value] = true;
  }
  return true;
}

TEST("the sampler visits every sample once") {
  for (uint32_t n = 1; n <= 300; ++n) CHECK(IsBijection(n, 0, n));
  for (const uint32_t n : {1023u, 1024u, 1025u, 50000u, 60000u, 65536u, 65537u, 1u << 20}) {
    for (uint32_t epoch = 0; epoch < 3; ++epoch) CHECK(IsBijection(0xfedcba9876543210, epoch, n));
  }
}

TEST("the sampler stays inside the largest sets") {
  for (const uint32_t n : {0x80000000u, 0x80000001u, 0xffffffffu}) {
    const Permutation permutation(3, 5, n);
    for (uint32_t i = 0; i < 1000; ++i) CHECK(permutation(n - 1 - i * 4099) < n);
  }
}

TEST("single look-ups agree with the permutation") {
  const Permutation permutation(11, 4, 777);
  for (uint32_t i = 0; i < 777; ++i) CHECK_EQUAL(Permute(11, 4, 777, i), permutation(i));
}

TEST("every sample is equally likely at every position") {
  for (const uint32_t n : {3u, 7u, 20u, 100u}) {
    constexpr int kSeeds = 20000;
    std::vector<int> counts(static_cast<size_t>(n) * n);
    for (uint32_t seed = 0; seed < kSeeds; ++seed) {
      const Permutation permutation(seed / 100, seed % 100, n);
      for (uint32_t i = 0; i < n; ++i) ++counts[static_cast<size_t>(i) * n + permutation(i)];
    }
    const double expected = static_cast<double>(kSeeds) / n;
    double chi_squared = 0;
    for (const int count : counts) chi_squared += (count - expected) * (count - expected) / expected;
    const double freedom = (n - 1.0) * (n - 1.0);
    CHECK_NEAR(chi_squared, freedom, 5 * std::sqrt(2 * freedom));
  }
}

TEST("epochs and seeds give unrelated orders, and neighbours part") {
  constexpr uint32_t kSize = 60000;
  const Permutation first(1, 0, kSize), next_epoch(1, 1, kSize), next_seed(2, 0, kSize);
  int same_epoch = 0, same_seed = 0, close = 0;
  for (uint32_t i = 0; i < kSize; ++i) {
    same_epoch += first(i) == next_epoch(i);
    same_seed += first(i) == next_seed(i);
    if (i > 0) close += std::abs(static_cast<int>(first(i)) - static_cast<int>(first(i - 1))) < 600;
  }
  CHECK(same_epoch < 10);  // one is expected
  CHECK(same_seed < 10);
  CHECK_NEAR(close, kSize * 0.02, 200);
}

TEST("the order is fixed for all time: saved runs resume in it") {
  const Permutation permutation(42, 3, 10);
  const std::vector<uint32_t> expected = {9, 3, 1, 2, 0, 6, 7, 4, 8, 5};
  for (uint32_t i = 0; i < 10; ++i) CHECK_EQUAL(permutation(i), expected[i]);
}

}  // namespace
}  // namespace synfire
