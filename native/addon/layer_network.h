// The JavaScript class LayerNetwork: descriptions, tensors and runs between TypeScript and the layer engine.
#pragma once

#include <napi.h>

#include <atomic>
#include <memory>

#include "native/addon/lease.h"
#include "native/addon/options.h"
#include "native/addon/type_tags.h"
#include "native/layers/network.h"

namespace synfire::addon {

// A network and who uses it: one job or one synchronous call at a time.
struct SharedNetwork {
  explicit SharedNetwork(layers::NetworkSpec spec) : network(std::move(spec)) {}
  layers::LayerNetwork network;
  std::atomic<bool> busy{false};
};

class NetworkLease : public Lease<SharedNetwork> {
 public:
  using Lease::Lease;

  layers::LayerNetwork& network() const { return shared().network; }
};

// NativeLayerNetwork of lib/native/types.ts.
class LayerNetworkObject {
 public:
  static constexpr const char* kName = "LayerNetwork";
  static constexpr napi_type_tag kTag = kLayerNetworkTag;

  explicit LayerNetworkObject(const Napi::CallbackInfo& info);

  Napi::Value Parameters(const Napi::CallbackInfo& info);
  Napi::Value Layers(const Napi::CallbackInfo& info);
  Napi::Value Tensors(const Napi::CallbackInfo& info);
  Napi::Value ReadTensor(const Napi::CallbackInfo& info);
  Napi::Value WriteTensor(const Napi::CallbackInfo& info);
  Napi::Value Prepare(const Napi::CallbackInfo& info);
  Napi::Value State(const Napi::CallbackInfo& info);
  Napi::Value SetState(const Napi::CallbackInfo& info);
  Napi::Value TrainEpoch(const Napi::CallbackInfo& info);
  Napi::Value Evaluate(const Napi::CallbackInfo& info);
  Napi::Value Predict(const Napi::CallbackInfo& info);
  Napi::Value PredictSync(const Napi::CallbackInfo& info);
  Napi::Value ForwardRecord(const Napi::CallbackInfo& info);

 private:
  Napi::Env env_;
  std::shared_ptr<SharedNetwork> shared_;
};

// A NativeLayerNetworkSpec; ranges and shapes are checked by the engine.
layers::NetworkSpec ParseNetworkSpec(Napi::Value value);

void InitLayerNetwork(Napi::Env env, Napi::Object exports);

}  // namespace synfire::addon
