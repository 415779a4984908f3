// Threads, the channel back to the event loop, and the orderly end of both.
#include "native/addon/job.h"

#include <algorithm>
#include <optional>
#include <string>
#include <system_error>
#include <thread>

#include "native/addon/errors.h"

namespace synfire::addon {

void JobContext::ThrowIfStopped() const {
  if (StopRequested()) throw Error(ErrorCode::kCancelled, "The work was cancelled");
}

void JobContext::Report(std::initializer_list<ProgressField> fields) {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_report_) return;
  next_report_ = now + std::chrono::nanoseconds(std::chrono::seconds(1)) / kReportsPerSecond;
  bool announced = false;
  {
    const std::lock_guard lock(mutex_);
    announced = waiting_.count > 0;
    waiting_.count = std::min(fields.size(), kMaxFields);
    std::copy_n(fields.begin(), waiting_.count, waiting_.items.begin());
  }
  if (!announced) announce_();
}

JobContext::Fields JobContext::TakeReport() {
  const std::lock_guard lock(mutex_);
  return std::exchange(waiting_, Fields{});
}

// A job between its start and its settled promise. Everything but `context` and `failure` belongs to the
// JavaScript thread; the job's thread writes `failure` before it announces its end.
struct JobRunner::Live {
  Live(Napi::Env env, std::unique_ptr<Job> job) : job(std::move(job)), deferred(env) {}

  std::unique_ptr<Job> job;
  std::stop_source stop;
  JobContext context{stop.get_token()};
  std::exception_ptr failure;
  std::thread thread;
  Napi::Promise::Deferred deferred;
  Napi::FunctionReference on_progress;
  std::optional<Napi::Error> callback_error;
};

struct JobRunner::Message {
  Live* live;
  bool finished;
};

JobRunner::JobRunner(Napi::Env env) {
  channel_ = Channel::New(env, "synfire job", 0, 1, this);
  channel_.Unref(env);
  // Hooks run last-in first-out: registered after the channel, this one runs while the channel still works.
  env.AddCleanupHook([](JobRunner* runner) { runner->StopAll(); }, this);
}

JobRunner::~JobRunner() = default;

JobRunner& JobRunner::Of(Napi::Env env) {
  return *env.GetInstanceData<JobRunner>();
}

Napi::Value JobRunner::Start(Napi::Env env, std::unique_ptr<Job> job, Napi::Value on_progress) {
  auto owned = std::make_unique<Live>(env, std::move(job));
  Live& live = *owned;
  if (on_progress.IsFunction()) {
    live.on_progress = Napi::Persistent(on_progress.As<Napi::Function>());
  } else if (!on_progress.IsUndefined()) {
    throw InvalidArgument(env, "onProgress", on_progress, "a function");
  }
  live.context.announce_ = [this, &live] { Post(live, false); };
  try {
    live.thread = std::thread([this, &live] {
      try {
        live.job->Run(live.context);
      } catch (...) {
        live.failure = std::current_exception();
      }
      Post(live, true);
    });
  } catch (const std::system_error& error) {
    throw MakeError(env, ErrorCode::kOutOfMemory, std::string("The system gave no thread: ") + error.what());
  }
  if (live_.empty()) channel_.Ref(env);
  live_.push_back(std::move(owned));

  Napi::Object handle = Napi::Object::New(env);
  handle.Set("promise", live.deferred.Promise());
  handle.Set(
      "cancel",
      Napi::Function::New(
          env, [stop = live.stop](const Napi::CallbackInfo&) mutable { stop.request_stop(); }, "cancel"));
  return handle;
}

// From a job's thread. The channel stays open until StopAll has joined that thread.
void JobRunner::Post(Live& live, bool finished) {
  auto message = std::make_unique<Message>(Message{&live, finished});
  if (channel_.NonBlockingCall(message.get()) == napi_ok) message.release();
}

void JobRunner::Deliver(Napi::Env env, Napi::Function, JobRunner* runner, Message* message) {
  const std::unique_ptr<Message> owned(message);
  if (static_cast<napi_env>(env) == nullptr) return;  // The environment is gone, and with it every job.
  if (message->finished) {
    runner->Settle(env, *message->live);
  } else {
    runner->ReportProgress(env, *message->live);
  }
}

void JobRunner::ReportProgress(Napi::Env env, Live& live) {
  const JobContext::Fields fields = live.context.TakeReport();
  if (live.on_progress.IsEmpty() || live.callback_error) return;
  try {
    Napi::Object report = Napi::Object::New(env);
    for (std::size_t i = 0; i < fields.count; ++i) report.Set(fields.items[i].name, fields.items[i].value);
    live.on_progress.Call({report});
  } catch (const Napi::Error& error) {
    live.callback_error = error;
    live.stop.request_stop();
  }
}

void JobRunner::Settle(Napi::Env env, Live& live) {
  live.thread.join();
  const auto place = std::find_if(live_.begin(), live_.end(),
                                  [&](const auto& candidate) { return candidate.get() == &live; });
  const std::unique_ptr<Live> owned = std::move(*place);
  live_.erase(place);
  if (live_.empty()) channel_.Unref(env);
  try {
    if (live.callback_error) throw *live.callback_error;
    if (live.failure) std::rethrow_exception(live.failure);
    live.deferred.Resolve(live.job->Result(env));
  } catch (...) {
    live.deferred.Reject(CurrentExceptionToError(env).Value());
  }
}

void JobRunner::StopAll() {
  for (const auto& live : live_) live->stop.request_stop();
  for (const auto& live : live_) live->thread.join();
  live_.clear();
  channel_.Release();
}

Napi::Value StartJob(Napi::Env env, std::unique_ptr<Job> job, Napi::Value on_progress) {
  return JobRunner::Of(env).Start(env, std::move(job), on_progress);
}

}  // namespace synfire::addon
