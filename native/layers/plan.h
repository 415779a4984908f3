// Lays out all working memory before the first step: users reserve arrays, one allocation serves them all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "native/base/aligned_buffer.h"

namespace synfire::layers {

/// Reserve() notes an array and where its address is wanted; Commit() allocates once (zeroed) and fills the
/// addresses in.
class Plan {
 public:
  Plan() = default;
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;
  /// Clears the addresses it gave out: the next plan may not reserve all of these arrays.
  ~Plan() {
    for (const Request& r : requests_) *r.address = nullptr;
  }

  template <class T>
  void Reserve(T** address, size_t count) {
    requests_.push_back({reinterpret_cast<void**>(address), offset_});
    *address = nullptr;
    offset_ += Rounded(count * sizeof(T));
  }

  /// Throws Error{kOutOfMemory} naming the bytes.
  void Commit() {
    arena_ = AlignedBuffer<uint8_t>(offset_);
    for (const Request& r : requests_) *r.address = arena_.data() + r.offset;
  }

  size_t bytes() const { return offset_; }

 private:
  struct Request {
    void** address;
    size_t offset;
  };

  // A spare line after every array lets vector code read past its last element.
  static size_t Rounded(size_t bytes) { return (bytes + 63) / 64 * 64 + 64; }

  std::vector<Request> requests_;
  size_t offset_ = 0;
  AlignedBuffer<uint8_t> arena_;
};

}  // namespace synfire::layers
