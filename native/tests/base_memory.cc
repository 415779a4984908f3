// Aligned buffers, errors and the processor's description.
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "native/base/aligned_buffer.h"
#include "native/base/cpu_features.h"
#include "native/tests/check.h"

namespace synfire {
namespace {

template <class T>
bool IsAligned(const AlignedBuffer<T>& buffer, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(buffer.data()) % alignment == 0;
}

TEST("a buffer is aligned, zeroed and as long as asked for") {
  for (const std::size_t size : {1, 3, 16, 1000, 1 << 20}) {
    AlignedBuffer<float> buffer(size);
    CHECK_EQUAL(buffer.size(), size);
    CHECK_EQUAL(buffer.bytes(), size * sizeof(float));
    CHECK(IsAligned(buffer, 64));
    float sum = 0;
    for (const float value : buffer) sum += value;
    CHECK_EQUAL(sum, 0.0f);
    for (float& value : buffer) value = 1;
    CHECK_EQUAL(buffer.span().back(), 1.0f);
  }
}

TEST("a large buffer starts on a huge page") {
  AlignedBuffer<std::uint8_t> buffer((std::size_t{5} << 20) + 1);
#if defined(__linux__)
  CHECK(IsAligned(buffer, AlignedBuffer<std::uint8_t>::kHugePage));
#endif
  buffer[buffer.size() - 1] = 1;
  CHECK_EQUAL(static_cast<int>(buffer[buffer.size() - 2]), 0);
}

TEST("an empty buffer owns nothing") {
  const AlignedBuffer<int> none;
  const AlignedBuffer<int> zero(0);
  CHECK(none.empty() && none.data() == nullptr);
  CHECK(zero.empty() && zero.data() == nullptr);
}

TEST("moving a buffer hands over its memory") {
  AlignedBuffer<int> first(10);
  first[3] = 7;
  const int* memory = first.data();
  AlignedBuffer<int> second = std::move(first);
  CHECK(second.data() == memory && second[3] == 7);
  AlignedBuffer<int> third(2);
  third = std::move(second);
  CHECK(third.data() == memory && third.size() == 10);
}

TEST("a buffer that cannot be had names its size") {
  const std::size_t too_many = std::numeric_limits<std::size_t>::max() / 8;
  CHECK_THROWS(AlignedBuffer<double>(too_many), ErrorCode::kOutOfMemory);
  CHECK_THROWS(AlignedBuffer<double>(std::size_t{1} << 55), ErrorCode::kOutOfMemory);
  try {
    AlignedBuffer<double> buffer(too_many);
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find(std::to_string(too_many)) != std::string::npos);
  }
}

TEST("a bad argument says field, value and expectation") {
  const Error error = InvalidArgument("threads", "0", "a whole number of at least 1");
  CHECK_EQUAL(std::string(error.what()), "threads is 0; expected a whole number of at least 1");
  CHECK_EQUAL(error.field(), "threads");
  CHECK_EQUAL(error.value(), "0");
  CHECK_EQUAL(error.expected(), "a whole number of at least 1");
  CHECK_EQUAL(std::string(ErrorName(error.code())), "ERR_SYNFIRE_INVALID_ARGUMENT");
}

TEST("the processor supports the base level and the active one") {
  const std::vector<Isa> supported = SupportedIsas();
  CHECK(supported.front() == Isa::kBase);
  bool active_is_supported = false;
  for (const Isa isa : supported) active_is_supported |= isa == ActiveIsa();
  CHECK(active_is_supported);
  CHECK(HardwareThreads() >= 1);
}

}  // namespace
}  // namespace synfire
