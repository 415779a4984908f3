// The JavaScript classes EventNetwork and EventReplicas: descriptions, arrays and runs between TypeScript and
// the event engine.
#pragma once

#include <napi.h>

#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "native/addon/lease.h"
#include "native/addon/options.h"
#include "native/addon/type_tags.h"
#include "native/base/thread_team.h"
#include "native/events/network.h"
#include "native/events/replicas.h"

namespace synfire::addon {

// Tells the garbage collector of native memory that a JavaScript object keeps. On the JavaScript thread.
class ExternalMemory {
 public:
  ExternalMemory(Napi::Env env, std::uint64_t bytes);
  ~ExternalMemory();
  ExternalMemory(const ExternalMemory&) = delete;
  ExternalMemory& operator=(const ExternalMemory&) = delete;

 private:
  Napi::Env env_;
  std::int64_t bytes_;
};

// A network and who uses it: one job or one synchronous call at a time.
struct SharedEventNetwork {
  void Set(Napi::Env env, std::unique_ptr<events::EventNetwork> built);

  std::unique_ptr<events::EventNetwork> network;  // empty until it is built
  std::optional<ExternalMemory> memory;           // of the network as it was built
  std::optional<ThreadTeam> team;                 // of the last run
  events::RunControl control;                     // control.now is the network's time, also during a run
  std::atomic<bool> busy{false};
};

class EventLease : public Lease<SharedEventNetwork> {
 public:
  using Lease::Lease;

  events::EventNetwork& network() const { return *shared().network; }
  // A team of that many threads, kept from run to run.
  ThreadTeam& Team(int threads) const;
  // Takes over the network's time after a call that may have changed it.
  void Noted() const { shared().control.now = network().now(); }
};

// Replicas and the network that they are of.
struct SharedReplicas {
  SharedReplicas(Napi::Env env, std::shared_ptr<SharedEventNetwork> network, std::uint32_t count)
      : shared(std::move(network)),
        replicas(*shared->network, count),
        memory(env, replicas.count() * replicas.bytes_per_replica()) {}

  std::shared_ptr<SharedEventNetwork> shared;
  events::Replicas replicas;
  ExternalMemory memory;
};

// NativeEventNetwork of lib/native/types.ts.
class EventNetworkObject {
 public:
  static constexpr const char* kName = "EventNetwork";
  static constexpr napi_type_tag kTag = kEventNetworkTag;

  explicit EventNetworkObject(const Napi::CallbackInfo& info);

  const std::shared_ptr<SharedEventNetwork>& shared() const { return shared_; }
  // A lease on the network, which must have been built.
  EventLease Lease() const;

  Napi::Value Build(const Napi::CallbackInfo& info);
  Napi::Value TimeMs(const Napi::CallbackInfo& info);
  Napi::Value Describe(const Napi::CallbackInfo& info);
  Napi::Value Run(const Napi::CallbackInfo& info);
  Napi::Value Reset(const Napi::CallbackInfo& info);
  Napi::Value AddSpikes(const Napi::CallbackInfo& info);
  Napi::Value SetRates(const Napi::CallbackInfo& info);
  Napi::Value Variables(const Napi::CallbackInfo& info);
  Napi::Value State(const Napi::CallbackInfo& info);
  Napi::Value SetState(const Napi::CallbackInfo& info);
  Napi::Value SpikeCounts(const Napi::CallbackInfo& info);
  Napi::Value Connections(const Napi::CallbackInfo& info);
  Napi::Value Weights(const Napi::CallbackInfo& info);
  Napi::Value SetWeights(const Napi::CallbackInfo& info);
  Napi::Value Normalise(const Napi::CallbackInfo& info);
  Napi::Value Learning(const Napi::CallbackInfo& info);
  Napi::Value SetLearning(const Napi::CallbackInfo& info);
  Napi::Value Reward(const Napi::CallbackInfo& info);
  Napi::Value Teach(const Napi::CallbackInfo& info);
  Napi::Value RecordSpikes(const Napi::CallbackInfo& info);
  Napi::Value RecordState(const Napi::CallbackInfo& info);
  Napi::Value RecordWeights(const Napi::CallbackInfo& info);
  Napi::Value RecordTraces(const Napi::CallbackInfo& info);
  Napi::Value TakeSpikes(const Napi::CallbackInfo& info);
  Napi::Value TakeValues(const Napi::CallbackInfo& info);
  Napi::Value Memory(const Napi::CallbackInfo& info);
  Napi::Value ExportState(const Napi::CallbackInfo& info);
  Napi::Value ImportState(const Napi::CallbackInfo& info);

 private:
  std::shared_ptr<SharedEventNetwork> shared_;
};

// NativeEventReplicas of lib/native/types.ts. A job on the replicas has the lease of their network.
class EventReplicasObject {
 public:
  static constexpr const char* kName = "EventReplicas";
  static constexpr napi_type_tag kTag = kEventReplicasTag;

  explicit EventReplicasObject(const Napi::CallbackInfo& info);

  Napi::Value Count(const Napi::CallbackInfo& info);
  Napi::Value BytesPerReplica(const Napi::CallbackInfo& info);
  Napi::Value PresentImages(const Napi::CallbackInfo& info);
  Napi::Value PresentSpikes(const Napi::CallbackInfo& info);

 private:
  std::shared_ptr<SharedReplicas> replicas_;
};

// A NativeEventNetworkSpec; ranges are checked by the engine. Copies all arrays.
events::NetworkSpec ParseEventNetworkSpec(Napi::Value value);

// The tables of models and rules as NativeTable[].
Napi::Value EventModels(const Napi::CallbackInfo& info);
Napi::Value EventRules(const Napi::CallbackInfo& info);

void InitEventNetwork(Napi::Env env, Napi::Object exports);

}  // namespace synfire::addon
