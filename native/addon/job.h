// Long native work: each Job runs on a thread of its own and settles a promise; the event loop stays free.
#pragma once

#include <napi.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <initializer_list>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <utility>

namespace synfire::addon {

// One number of a progress report; the name must be a string literal.
struct ProgressField {
  const char* name;
  double value;
};

// What a running Job sees of the outside. Used on the Job's own thread only.
class JobContext {
 public:
  // True once the caller has cancelled, its progress callback has thrown, or its environment is going down.
  // Poll it every step and come to an end in a consistent state within a few milliseconds.
  bool StopRequested() const { return stop_.stop_requested(); }
  const std::stop_token& stop_token() const { return stop_; }
  // Throws Error{kCancelled} once a stop is requested: for jobs that have nothing to save.
  void ThrowIfStopped() const;

  // Passes numbers to the progress callback as one object, at most kReportsPerSecond times a second: calls in
  // between cost a look at the clock and are dropped. Reports may also be merged: a slow event loop sees the
  // latest.
  void Report(std::initializer_list<ProgressField> fields);

  static constexpr int kReportsPerSecond = 20;
  static constexpr std::size_t kMaxFields = 8;

 private:
  friend class JobRunner;
  struct Fields {
    std::array<ProgressField, kMaxFields> items;
    std::size_t count = 0;
  };

  explicit JobContext(std::stop_token stop) : stop_(std::move(stop)) {}
  // The report waiting for the event loop, if any.
  Fields TakeReport();

  std::stop_token stop_;
  std::function<void()> announce_;
  std::chrono::steady_clock::time_point next_report_{};
  std::mutex mutex_;
  Fields waiting_;
};

// One piece of long work. Made and destroyed on the JavaScript thread.
class Job {
 public:
  virtual ~Job() = default;
  // Does the work on the Job's thread, without touching any Napi value. What it throws becomes the rejection.
  // Typed arrays of the caller must have been copied before: their memory can be transferred away meanwhile.
  virtual void Run(JobContext& context) = 0;
  // What the promise resolves with. On the JavaScript thread, after Run; may throw.
  virtual Napi::Value Result(Napi::Env env) = 0;
};

// Starts a job and returns { promise, cancel() } (NativeJob in lib/native/types.ts). `on_progress` is a
// function or undefined; a callback that throws stops the job, and its error becomes the rejection. cancel()
// may be called at any time, also after the end.
Napi::Value StartJob(Napi::Env env, std::unique_ptr<Job> job, Napi::Value on_progress);

// Keeps the jobs of one JavaScript environment (the main thread's or a worker's): one channel to its event
// loop, which stays alive while a job does. When the environment goes down, jobs are stopped and waited for.
class JobRunner {
 public:
  explicit JobRunner(Napi::Env env);
  JobRunner(const JobRunner&) = delete;
  JobRunner& operator=(const JobRunner&) = delete;
  ~JobRunner();

  static JobRunner& Of(Napi::Env env);
  Napi::Value Start(Napi::Env env, std::unique_ptr<Job> job, Napi::Value on_progress);

 private:
  struct Live;
  struct Message;
  static void Deliver(Napi::Env env, Napi::Function, JobRunner* runner, Message* message);
  using Channel = Napi::TypedThreadSafeFunction<JobRunner, Message, &JobRunner::Deliver>;

  void Post(Live& live, bool finished);
  void ReportProgress(Napi::Env env, Live& live);
  void Settle(Napi::Env env, Live& live);
  void StopAll();

  Channel channel_;
  std::list<std::unique_ptr<Live>> live_;
};

}  // namespace synfire::addon
