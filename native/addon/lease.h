// Sole use of a native object that a JavaScript object keeps: one job or one synchronous call at a time.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "native/base/error.h"

namespace synfire::addon {

// Holds a `Shared`, which has a flag `busy`, for as long as it lives; throws Error{kBusy} while someone else
// does.
template <class Shared>
class Lease {
 public:
  explicit Lease(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {
    if (!shared_->busy.exchange(true, std::memory_order_acquire)) return;
    throw Error(ErrorCode::kBusy,
                "The network is in use by a run that has not ended; await it first, or use a second network",
                "network");
  }
  Lease(Lease&&) = default;
  ~Lease() {
    if (shared_) shared_->busy.store(false, std::memory_order_release);
  }

  Shared& shared() const { return *shared_; }

 private:
  std::shared_ptr<Shared> shared_;
};

}  // namespace synfire::addon
