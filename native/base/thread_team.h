// A small fork-join team of threads that one owner keeps for itself; results never depend on its size as long
// as tasks are independent.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace synfire {

// `ThreadTeam team(4); team.Run(100, [&](int task, int worker) { … });` calls the function once for every
// task in [0, tasks) and returns when all are done. The caller works too, as worker 0. Run allocates nothing.
//
// If tasks throw, all tasks still run and Run rethrows the exception of the lowest task number. One Run at a
// time: a Run from inside a task, or from two threads at once, throws Error{kInternal}.
class ThreadTeam {
 public:
  // Starts threads - 1 threads. Throws Error{kInvalidArgument} outside [1, kMaxThreads] and
  // Error{kOutOfMemory} when the system gives no more threads.
  explicit ThreadTeam(int threads);
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;
  ~ThreadTeam();

  static constexpr int kMaxThreads = 1024;

  int threads() const { return static_cast<int>(helpers_.size()) + 1; }

  template <class F>
  void Run(int tasks, F&& function) {
    using Function = std::remove_reference_t<F>;
    RunTasks(tasks,
             TaskRef{const_cast<void*>(static_cast<const void*>(std::addressof(function))),
                     [](void* f, int task, int worker) { (*static_cast<Function*>(f))(task, worker); }});
  }

 private:
  // A non-owning reference to the function of the current Run.
  struct TaskRef {
    void* function = nullptr;
    void (*call)(void* function, int task, int worker) = nullptr;
  };
  class RunningMark;

  void RunTasks(int tasks, TaskRef function);
  void HelperLoop(int worker);
  void WorkOff(int worker);
  void RunOne(int task, int worker);
  void AwaitNews(std::uint32_t seen);
  void AwaitLastTask();
  void Wake();
  void Stop();

  // Of the current Run. Read only by a worker that has claimed a task of it, hence stable while being read.
  TaskRef function_;
  int tasks_ = 0;

  // Unclaimed tasks: a worker claims one by lowering it. Unfinished tasks: Run returns at zero. Each on a
  // cache line of its own, since every worker writes them.
  alignas(64) std::atomic<int> unclaimed_{0};
  alignas(64) std::atomic<int> unfinished_{0};

  // Counts Runs (and the final stop); workers sleep on it.
  alignas(64) std::atomic<std::uint32_t> news_{0};
  std::atomic<int> parked_{0};
  std::atomic<bool> caller_parked_{false};
  std::atomic<bool> stop_{false};
  std::atomic<bool> running_{false};

  std::mutex failure_mutex_;
  std::exception_ptr failure_;
  int failed_task_ = 0;

  std::chrono::nanoseconds spin_;
  std::vector<std::thread> helpers_;
};

}  // namespace synfire
