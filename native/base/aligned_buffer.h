// Owning, zeroed, 64-byte aligned arrays; large ones sit on huge pages where the system grants them.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "native/base/error.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace synfire {

// A fixed number of zeroed elements. Move-only; an empty buffer owns nothing.
// Throws Error{kOutOfMemory} naming the bytes when they cannot be had.
template <class T>
class AlignedBuffer {
  static_assert(std::is_trivially_copyable_v<T>, "elements live in raw, zeroed memory");

 public:
  static constexpr std::size_t kAlignment = 64;
  static constexpr std::size_t kPage = 4096;
  static constexpr std::size_t kHugePage = std::size_t{2} << 20;
  static constexpr std::size_t kHugePageThreshold = std::size_t{4} << 20;

  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t size) : size_(size) {
    if (size == 0) return;
    if (size > kMaxBytes / sizeof(T)) ThrowOutOfMemory();
    data_ = static_cast<T*>(Allocate(Bytes()));
    if (data_ == nullptr) ThrowOutOfMemory();
  }
  AlignedBuffer(AlignedBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~AlignedBuffer() {
    if (data_ != nullptr) Free(data_, Bytes());
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return size_ * sizeof(T); }
  bool empty() const { return size_ == 0; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  T& operator[](std::size_t index) { return data_[index]; }
  const T& operator[](std::size_t index) const { return data_[index]; }
  std::span<T> span() { return {data_, size_}; }
  std::span<const T> span() const { return {data_, size_}; }

 private:
  // Leaves room for rounding up and for the huge-page margin without overflow.
  static constexpr std::size_t kMaxBytes = std::numeric_limits<std::size_t>::max() / 2 - 2 * kHugePage;

  // Whole alignment units, so that vector code may read and write the last one in full. What a large buffer
  // has beyond its last whole huge page lies on ordinary pages, so that it takes no memory that it does not
  // need.
  std::size_t Bytes() const {
    const std::size_t unit = bytes() > kHugePageThreshold ? kPage : kAlignment;
    return (bytes() + unit - 1) / unit * unit;
  }

  [[noreturn]] void ThrowOutOfMemory() const {
    const std::string wanted = std::to_string(size_) + " elements of " + std::to_string(sizeof(T)) + " bytes";
    throw Error(ErrorCode::kOutOfMemory, "Cannot allocate " + wanted);
  }

#if defined(__linux__)
  static void* Allocate(std::size_t bytes) {
    return bytes > kHugePageThreshold ? MapHugePages(bytes) : AllocateZeroed(bytes);
  }
  static void Free(void* data, std::size_t bytes) {
    if (bytes > kHugePageThreshold) {
      munmap(data, bytes);
    } else {
      std::free(data);
    }
  }
  // Maps one huge page too many and gives back what lies before and after the aligned part.
  static void* MapHugePages(std::size_t bytes) {
    const std::size_t mapped = bytes + kHugePage;
    void* raw = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (raw == MAP_FAILED) return nullptr;
    char* start = static_cast<char*>(raw);
    const std::size_t before = (kHugePage - reinterpret_cast<std::size_t>(start) % kHugePage) % kHugePage;
    if (before > 0) munmap(start, before);
    munmap(start + before + bytes, kHugePage - before);
    madvise(start + before, bytes, MADV_HUGEPAGE);
    return start + before;
  }
#else
  static void* Allocate(std::size_t bytes) {
    return AllocateZeroed(bytes);
  }
  static void Free(void* data, std::size_t) {
    std::free(data);
  }
#endif

  static void* AllocateZeroed(std::size_t bytes) {
    void* data = std::aligned_alloc(kAlignment, bytes);
    if (data != nullptr) std::memset(data, 0, bytes);
    return data;
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Another buffer with the same elements.
template <class T>
AlignedBuffer<T> CopyOf(const AlignedBuffer<T>& from) {
  AlignedBuffer<T> to(from.size());
  if (!from.empty()) std::memcpy(to.data(), from.data(), from.bytes());
  return to;
}

}  // namespace synfire
