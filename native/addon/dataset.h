// The JavaScript class Dataset: samples in native memory, filled, read and augmented from TypeScript.
#pragma once

#include <napi.h>

#include <memory>

#include "native/addon/options.h"
#include "native/addon/type_tags.h"
#include "native/data/augment.h"
#include "native/data/dataset.h"

namespace synfire::addon {

// NativeDataset of lib/native/types.ts. Jobs that read it copy dataset() and hold a DatasetReader while they
// run.
class DatasetObject {
 public:
  static constexpr const char* kName = "Dataset";
  static constexpr napi_type_tag kTag = kDatasetTag;

  explicit DatasetObject(const Napi::CallbackInfo& info);
  ~DatasetObject();

  const std::shared_ptr<Dataset>& dataset() const { return dataset_; }

  Napi::Value Samples(const Napi::CallbackInfo& info);
  Napi::Value Bytes(const Napi::CallbackInfo& info);
  Napi::Value Shape(const Napi::CallbackInfo& info);
  Napi::Value Classes(const Napi::CallbackInfo& info);
  Napi::Value WriteSamples(const Napi::CallbackInfo& info);
  Napi::Value WriteLabels(const Napi::CallbackInfo& info);
  Napi::Value WriteTargets(const Napi::CallbackInfo& info);
  Napi::Value ReadSamples(const Napi::CallbackInfo& info);
  Napi::Value ReadLabels(const Napi::CallbackInfo& info);
  Napi::Value ReadTargets(const Napi::CallbackInfo& info);
  Napi::Value Gather(const Napi::CallbackInfo& info);
  Napi::Value Augment(const Napi::CallbackInfo& info);
  Napi::Value GenerateDigits(const Napi::CallbackInfo& info);

 private:
  Napi::Env env_;
  std::shared_ptr<Dataset> dataset_;
};

// A NativeAugmentation, checked for samples of this size.
Augmentation ParseAugmentation(const Options& options, int height, int width);

// Adds the class Dataset and the function permutation to the addon.
void InitDataset(Napi::Env env, Napi::Object exports);

}  // namespace synfire::addon
