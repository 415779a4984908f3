// Fork-join on three counters: news wakes the helpers, unclaimed hands out tasks, unfinished ends the run.
#include "native/base/thread_team.h"

#include <string>
#include <system_error>
#include <utility>

#include "native/base/cpu_features.h"
#include "native/base/error.h"

namespace synfire {
namespace {

// Long enough to bridge the gap between two layers of a network, short enough to leave an idle core alone.
constexpr std::chrono::microseconds kSpin{40};
constexpr int kPausesPerClockRead = 16;

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Spins until the condition holds; false when the time is up first.
template <class Condition>
bool SpinUntil(std::chrono::nanoseconds limit, Condition condition) {
  if (condition()) return true;
  if (limit == limit.zero()) return false;
  const auto deadline = std::chrono::steady_clock::now() + limit;
  do {
    for (int i = 0; i < kPausesPerClockRead; ++i) {
      if (condition()) return true;
      Pause();
    }
  } while (std::chrono::steady_clock::now() < deadline);
  return condition();
}

}  // namespace

// Marks the team as busy for the length of one Run.
class ThreadTeam::RunningMark {
 public:
  explicit RunningMark(std::atomic<bool>& running) : running_(running) {
    if (running_.exchange(true, std::memory_order_acquire)) {
      throw Error(ErrorCode::kInternal, "ThreadTeam::Run was called while the same team is running");
    }
  }
  RunningMark(const RunningMark&) = delete;
  RunningMark& operator=(const RunningMark&) = delete;
  ~RunningMark() { running_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool>& running_;
};

ThreadTeam::ThreadTeam(int threads) {
  if (threads < 1 || threads > kMaxThreads) {
    throw InvalidArgument("threads", std::to_string(threads),
                          "a whole number from 1 to " + std::to_string(kMaxThreads));
  }
  // More threads than cores would only steal each other's time by spinning.
  spin_ = threads <= HardwareThreads() ? std::chrono::nanoseconds(kSpin) : std::chrono::nanoseconds::zero();
  helpers_.reserve(threads - 1);
  try {
    for (int worker = 1; worker < threads; ++worker) {
      helpers_.emplace_back([this, worker] { HelperLoop(worker); });
    }
  } catch (const std::system_error& error) {
    const std::string started = std::to_string(helpers_.size() + 1);
    Stop();
    throw Error(ErrorCode::kOutOfMemory,
                "The system gave " + started + " of " + std::to_string(threads) + " threads: " + error.what(),
                "threads", std::to_string(threads), "at most " + started);
  }
}

ThreadTeam::~ThreadTeam() {
  Stop();
}

void ThreadTeam::RunTasks(int tasks, TaskRef function) {
  if (tasks <= 0) return;
  const RunningMark mark(running_);
  function_ = function;
  tasks_ = tasks;
  unfinished_.store(tasks, std::memory_order_relaxed);
  unclaimed_.store(tasks, std::memory_order_release);
  if (tasks > 1 && !helpers_.empty()) Wake();
  WorkOff(0);
  AwaitLastTask();
  if (failure_ != nullptr) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void ThreadTeam::HelperLoop(int worker) {
  std::uint32_t seen = 0;
  while (!stop_.load(std::memory_order_acquire)) {
    WorkOff(worker);
    AwaitNews(seen);
    seen = news_.load(std::memory_order_acquire);
  }
}

// Claims and runs tasks until none is left. A claim succeeds only on a positive count, so a late helper
// either finds nothing or takes a task of the run that is current, and that run waits for it.
void ThreadTeam::WorkOff(int worker) {
  int left = unclaimed_.load(std::memory_order_acquire);
  while (left > 0) {
    if (!unclaimed_.compare_exchange_weak(left, left - 1, std::memory_order_acquire)) continue;
    RunOne(tasks_ - left, worker);
    left = unclaimed_.load(std::memory_order_acquire);
  }
}

void ThreadTeam::RunOne(int task, int worker) {
  try {
    function_.call(function_.function, task, worker);
  } catch (...) {
    const std::lock_guard lock(failure_mutex_);
    if (failure_ == nullptr || task < failed_task_) {
      failure_ = std::current_exception();
      failed_task_ = task;
    }
  }
  if (unfinished_.fetch_sub(1, std::memory_order_seq_cst) == 1 && caller_parked_.load()) {
    unfinished_.notify_one();
  }
}

void ThreadTeam::AwaitNews(std::uint32_t seen) {
  if (SpinUntil(spin_, [&] { return news_.load(std::memory_order_acquire) != seen; })) return;
  // Announce, then look again (inside wait): Wake raises news first and looks for sleepers second, so one of
  // the two sees the other.
  parked_.fetch_add(1);
  news_.wait(seen);
  parked_.fetch_sub(1);
}

void ThreadTeam::AwaitLastTask() {
  if (SpinUntil(spin_, [&] { return unfinished_.load(std::memory_order_acquire) == 0; })) return;
  caller_parked_.store(true);
  for (int left = unfinished_.load(); left != 0; left = unfinished_.load()) unfinished_.wait(left);
  caller_parked_.store(false);
}

void ThreadTeam::Wake() {
  news_.fetch_add(1);
  if (parked_.load() > 0) news_.notify_all();
}

void ThreadTeam::Stop() {
  stop_.store(true, std::memory_order_release);
  Wake();
  for (std::thread& helper : helpers_) helper.join();
  helpers_.clear();
}

}  // namespace synfire
