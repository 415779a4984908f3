// The JavaScript class LayerNetwork: descriptions, tensors and runs between TypeScript and the layer engine.
#pragma once

#include <napi.h>

#include <atomic>
#include <memory>

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

// Sole use of a network for as long as it lives; throws Error{kBusy} while someone else has it.
class NetworkLease {
 public:
  explicit NetworkLease(std::shared_ptr<SharedNetwork> shared);
  ~NetworkLease();
  NetworkLease(const NetworkLease&) = delete;
  NetworkLease& operator=(const NetworkLease&) = delete;

  layers::LayerNetwork& network() const { return shared_->network; }

 private:
  std::shared_ptr<SharedNetwork> shared_;
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
