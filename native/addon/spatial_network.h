// The JavaScript class SpatialNetwork: descriptions, arrays and runs between TypeScript and the spatial
// engine.
#pragma once

#include <napi.h>

#include <atomic>
#include <memory>
#include <utility>

#include "native/addon/lease.h"
#include "native/addon/options.h"
#include "native/addon/type_tags.h"
#include "native/spatial/network.h"

namespace synfire::addon {

// A network and who uses it.
struct SharedSpatialNetwork {
  explicit SharedSpatialNetwork(spatial::SpatialSpec spec) : network(std::move(spec)) {}
  spatial::SpatialNetwork network;
  std::atomic<bool> busy{false};
};

class SpatialLease : public Lease<SharedSpatialNetwork> {
 public:
  using Lease::Lease;

  spatial::SpatialNetwork& network() const { return shared().network; }
};

// NativeSpatialNetwork of lib/native/types.ts.
class SpatialNetworkObject {
 public:
  static constexpr const char* kName = "SpatialNetwork";
  static constexpr napi_type_tag kTag = kSpatialNetworkTag;

  explicit SpatialNetworkObject(const Napi::CallbackInfo& info);

  Napi::Value Batches(const Napi::CallbackInfo& info);
  Napi::Value MemoryBytes(const Napi::CallbackInfo& info);
  Napi::Value SetThreads(const Napi::CallbackInfo& info);
  Napi::Value ForwardSync(const Napi::CallbackInfo& info);
  Napi::Value Forward(const Napi::CallbackInfo& info);
  Napi::Value Train(const Napi::CallbackInfo& info);
  Napi::Value TrainDataset(const Napi::CallbackInfo& info);
  Napi::Value EvaluateDataset(const Napi::CallbackInfo& info);
  Napi::Value Grow(const Napi::CallbackInfo& info);
  Napi::Value Prune(const Napi::CallbackInfo& info);
  Napi::Value ResetState(const Napi::CallbackInfo& info);
  Napi::Value Statistics(const Napi::CallbackInfo& info);
  Napi::Value Neurons(const Napi::CallbackInfo& info);
  Napi::Value ExportState(const Napi::CallbackInfo& info);
  Napi::Value ImportState(const Napi::CallbackInfo& info);

 private:
  std::shared_ptr<SharedSpatialNetwork> shared_;
};

void InitSpatialNetwork(Napi::Env env, Napi::Object exports);

}  // namespace synfire::addon
