// Argument checks and copies between typed arrays and the data set.
#include "native/addon/dataset.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include "native/addon/buffers.h"
#include "native/addon/job.h"
#include "native/addon/native_class.h"
#include "native/base/thread_team.h"
#include "native/data/digits.h"
#include "native/data/sampler.h"

namespace synfire::addon {
namespace {

constexpr IntegerRange kCount{0, INT32_MAX};
constexpr IntegerRange kUnsigned{0, UINT32_MAX};

DatasetLayout ParseLayout(Napi::Value value) {
  const Options options(value);
  const auto shape = options.Integers<3>("shape", {1, 1 << 16});
  DatasetLayout layout;
  layout.channels = static_cast<int>(shape[0]);
  layout.height = static_cast<int>(shape[1]);
  layout.width = static_cast<int>(shape[2]);
  layout.samples = options.Integer("samples", {1, INT32_MAX});
  layout.classes = static_cast<int>(options.Integer("classes", kCount));
  layout.targets = static_cast<int>(options.Integer("targets", kCount));
  return layout;
}

// A whole range of samples named by the two first arguments.
struct Range {
  int64_t first;
  int64_t count;
};

Range ParseRange(const Napi::CallbackInfo& info, const Dataset& dataset) {
  const Range range = {ParseInteger(info[0], "first", kCount), ParseInteger(info[1], "count", kCount)};
  dataset.CheckRange(range.first, range.count);
  return range;
}

class GenerateDigitsJob : public Job {
 public:
  GenerateDigitsJob(std::shared_ptr<Dataset> dataset, uint64_t seed, uint32_t first_index, int threads)
      : dataset_(std::move(dataset)),
        writer_(*dataset_),
        seed_(seed),
        first_index_(first_index),
        team_(threads) {}

  void Run(JobContext& context) override {
    synfire::GenerateDigits(*dataset_, seed_, first_index_, team_, [&](uint32_t done) {
      context.ThrowIfStopped();
      context.Report(
          {{"samples", static_cast<double>(done)}, {"total", static_cast<double>(dataset_->samples())}});
    });
  }

  Napi::Value Result(Napi::Env env) override { return env.Undefined(); }

 private:
  std::shared_ptr<Dataset> dataset_;
  DatasetWriter writer_;
  uint64_t seed_;
  uint32_t first_index_;
  ThreadTeam team_;
};

// permutation({ seed, epoch, count }): the order in which training visits `count` samples.
Napi::Value PermutationOf(const Napi::CallbackInfo& info) {
  const Options options(info[0]);
  const auto count = static_cast<uint32_t>(options.Integer("count", kCount));
  const Permutation permutation(options.Seed("seed"),
                                static_cast<uint32_t>(options.Integer("epoch", kUnsigned)), count);
  auto order = Napi::TypedArrayOf<uint32_t>::New(info.Env(), count, napi_uint32_array);
  for (uint32_t i = 0; i < count; ++i) order.Data()[i] = permutation(i);
  return order;
}

}  // namespace

DatasetObject::DatasetObject(const Napi::CallbackInfo& info)
    : env_(info.Env()), dataset_(std::make_shared<Dataset>(ParseLayout(info[0]))) {
  Napi::MemoryManagement::AdjustExternalMemory(env_, static_cast<int64_t>(dataset_->bytes()));
}

DatasetObject::~DatasetObject() {
  Napi::MemoryManagement::AdjustExternalMemory(env_, -static_cast<int64_t>(dataset_->bytes()));
}

Napi::Value DatasetObject::Samples(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), dataset_->samples());
}

Napi::Value DatasetObject::Bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(dataset_->bytes()));
}

Napi::Value DatasetObject::Shape(const Napi::CallbackInfo& info) {
  Napi::Array shape = Napi::Array::New(info.Env(), 3);
  shape.Set(0u, dataset_->channels());
  shape.Set(1u, dataset_->height());
  shape.Set(2u, dataset_->width());
  return shape;
}

Napi::Value DatasetObject::Classes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), dataset_->classes());
}

Napi::Value DatasetObject::WriteSamples(const Napi::CallbackInfo& info) {
  const DatasetWriter writer(*dataset_);
  dataset_->WriteSamples(ParseInteger(info[0], "first", kCount), ViewOf<const uint8_t>(info[1], "samples"));
  return info.Env().Undefined();
}

Napi::Value DatasetObject::WriteLabels(const Napi::CallbackInfo& info) {
  const DatasetWriter writer(*dataset_);
  dataset_->WriteLabels(ParseInteger(info[0], "first", kCount), ViewOf<const int32_t>(info[1], "labels"));
  return info.Env().Undefined();
}

Napi::Value DatasetObject::WriteTargets(const Napi::CallbackInfo& info) {
  const DatasetWriter writer(*dataset_);
  dataset_->WriteTargets(ParseInteger(info[0], "first", kCount), ViewOf<const float>(info[1], "targets"));
  return info.Env().Undefined();
}

Napi::Value DatasetObject::ReadSamples(const Napi::CallbackInfo& info) {
  const DatasetReader reader(*dataset_);
  const Range range = ParseRange(info, *dataset_);
  return NewTypedArray<uint8_t>(info.Env(), dataset_->SampleRange(range.first, range.count));
}

Napi::Value DatasetObject::ReadLabels(const Napi::CallbackInfo& info) {
  const DatasetReader reader(*dataset_);
  const Range range = ParseRange(info, *dataset_);
  return NewTypedArray<int32_t>(info.Env(), dataset_->LabelRange(range.first, range.count));
}

Napi::Value DatasetObject::ReadTargets(const Napi::CallbackInfo& info) {
  const DatasetReader reader(*dataset_);
  const Range range = ParseRange(info, *dataset_);
  return NewTypedArray<float>(info.Env(), dataset_->TargetRange(range.first, range.count));
}

Napi::Value DatasetObject::Gather(const Napi::CallbackInfo& info) {
  const DatasetReader reader(*dataset_);
  const auto indices = ViewOf<const uint32_t>(info[0], "indices");
  dataset_->CheckIndices(indices);
  const size_t bytes = dataset_->sample_bytes();
  auto samples = Napi::TypedArrayOf<uint8_t>::New(info.Env(), indices.size() * bytes, napi_uint8_array);
  uint8_t* out = samples.Data();
  for (const uint32_t index : indices) out = std::copy_n(dataset_->sample(index), bytes, out);
  return samples;
}

Napi::Value DatasetObject::Augment(const Napi::CallbackInfo& info) {
  const DatasetReader reader(*dataset_);
  const Dataset& dataset = *dataset_;
  const Options options(info[0]);
  const auto indices = options.View<const uint32_t>("indices");
  dataset.CheckIndices(indices);
  const uint64_t seed = options.Seed("seed");
  const auto epoch = static_cast<uint32_t>(options.Integer("epoch", kUnsigned));
  const Augmentation augmentation =
      ParseAugmentation(options.Child("augmentation"), dataset.height(), dataset.width());
  AugmentWorkspace workspace(augmentation, dataset.height(), dataset.width());
  const size_t bytes = dataset.sample_bytes();
  auto samples = Napi::TypedArrayOf<uint8_t>::New(info.Env(), indices.size() * bytes, napi_uint8_array);
  uint8_t* out = samples.Data();
  for (const uint32_t index : indices) {
    synfire::Augment(augmentation, dataset.sample(index), dataset.channels(), dataset.height(),
                     dataset.width(), seed, epoch, index, workspace, out);
    out += bytes;
  }
  return samples;
}

Napi::Value DatasetObject::GenerateDigits(const Napi::CallbackInfo& info) {
  const Options options(info[0]);
  const auto first_index = static_cast<uint32_t>(options.Integer("firstIndex", kUnsigned));
  const auto threads = static_cast<int>(options.Integer("threads", {1, ThreadTeam::kMaxThreads}));
  return StartJob(info.Env(),
                  std::make_unique<GenerateDigitsJob>(dataset_, options.Seed("seed"), first_index, threads),
                  info[1]);
}

Augmentation ParseAugmentation(const Options& options, int height, int width) {
  Augmentation augmentation;
  augmentation.shift = static_cast<int>(options.Integer("shift"));
  augmentation.rotate_degrees = static_cast<float>(options.Number("rotate"));
  augmentation.elastic = static_cast<float>(options.Number("elastic"));
  augmentation.elastic_sigma = static_cast<float>(options.Number("elasticSigma"));
  CheckAugmentation(augmentation, height, width);
  return augmentation;
}

void InitDataset(Napi::Env env, Napi::Object exports) {
  using Class = NativeClass<DatasetObject>;
  Class::Define(
      env, exports,
      {Class::Getter<&DatasetObject::Samples>("samples"), Class::Getter<&DatasetObject::Bytes>("bytes"),
       Class::Getter<&DatasetObject::Shape>("shape"), Class::Getter<&DatasetObject::Classes>("classes"),
       Class::Method<&DatasetObject::WriteSamples>("writeSamples"),
       Class::Method<&DatasetObject::WriteLabels>("writeLabels"),
       Class::Method<&DatasetObject::WriteTargets>("writeTargets"),
       Class::Method<&DatasetObject::ReadSamples>("readSamples"),
       Class::Method<&DatasetObject::ReadLabels>("readLabels"),
       Class::Method<&DatasetObject::ReadTargets>("readTargets"),
       Class::Method<&DatasetObject::Gather>("gather"), Class::Method<&DatasetObject::Augment>("augment"),
       Class::Method<&DatasetObject::GenerateDigits>("generateDigits")});
  exports.Set("permutation", NativeFunction<&PermutationOf>(env, "permutation"));
}

}  // namespace synfire::addon
