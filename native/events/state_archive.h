// Writes and reads the state of an event network as named arrays; reading checks everything.
#pragma once

#include <cmath>
#include <cstring>
#include <map>
#include <string>
#include <type_traits>
#include <vector>

#include "native/base/error.h"
#include "native/events/network.h"
#include "native/events/sources.h"

namespace synfire::events {

template <class T>
constexpr StateTensor::Type TensorTypeOf() {
  if constexpr (std::is_same_v<T, float>) return StateTensor::Type::kFloat32;
  if constexpr (std::is_same_v<T, double>) return StateTensor::Type::kFloat64;
  if constexpr (std::is_same_v<T, std::int64_t>) return StateTensor::Type::kInt64;
  if constexpr (std::is_same_v<T, std::uint64_t>) return StateTensor::Type::kUint64;
  if constexpr (std::is_same_v<T, std::uint32_t>) return StateTensor::Type::kUint32;
}

/// What an archive of either kind does: Array for a fixed number of values, List for any number.
class StateWriter {
 public:
  static constexpr bool kReading = false;

  template <class T>
  void Array(const std::string& name, T* values, std::size_t count) {
    StateTensor tensor{name, TensorTypeOf<T>(), {count}, std::vector<std::byte>(count * sizeof(T))};
    if (count > 0) std::memcpy(tensor.bytes.data(), values, count * sizeof(T));
    tensors_.push_back(std::move(tensor));
  }
  template <class T>
  void List(const std::string& name, std::vector<T>& values) {
    Array(name, values.data(), values.size());
  }
  std::vector<StateTensor> Take() { return std::move(tensors_); }

 private:
  std::vector<StateTensor> tensors_;
};

/// Throws Error{kCheckpoint} for arrays that are missing, of another type or length, or not finite.
class StateReader {
 public:
  static constexpr bool kReading = true;

  explicit StateReader(const std::vector<StateTensor>& tensors) {
    for (const StateTensor& tensor : tensors) tensors_.emplace(tensor.name, &tensor);
  }

  template <class T>
  void Array(const std::string& name, T* values, std::size_t count) {
    const StateTensor& tensor = Find<T>(name);
    if (tensor.bytes.size() != count * sizeof(T)) {
      Fail(name, std::to_string(tensor.bytes.size() / sizeof(T)) + " values",
           std::to_string(count) + " values");
    }
    Copy(tensor, values, count);
  }
  template <class T>
  void List(const std::string& name, std::vector<T>& values) {
    const StateTensor& tensor = Find<T>(name);
    if (tensor.bytes.size() % sizeof(T) != 0) Fail(name, "a torn array", "whole values");
    values.resize(tensor.bytes.size() / sizeof(T));
    Copy(tensor, values.data(), values.size());
  }
  [[noreturn]] static void Fail(const std::string& name, const std::string& value,
                                const std::string& expected) {
    throw Error(ErrorCode::kCheckpoint,
                "The checkpoint's " + name + " is " + value + "; expected " + expected, name, value,
                expected);
  }
  static void Check(bool good, const std::string& name, const std::string& expected) {
    if (!good) Fail(name, "impossible", expected);
  }

 private:
  template <class T>
  const StateTensor& Find(const std::string& name) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) Fail(name, "missing", "an array");
    if (found->second->type != TensorTypeOf<T>()) Fail(name, "of another type", "the type of this network");
    return *found->second;
  }
  template <class T>
  static void Copy(const StateTensor& tensor, T* values, std::size_t count) {
    if (count > 0) std::memcpy(values, tensor.bytes.data(), count * sizeof(T));
    if constexpr (std::is_floating_point_v<T>) {
      for (std::size_t i = 0; i < count; ++i) Check(std::isfinite(values[i]), tensor.name, "finite values");
    }
  }

  std::map<std::string, const StateTensor*> tensors_;
};

/// Spikes as two arrays of one length, their times and their neurons. Reading leaves their order to the
/// caller.
template <class Archive>
void ArchiveSpikes(Archive& archive, const std::string& path, const std::string& neurons_name,
                   std::vector<Spike>& spikes) {
  std::vector<Tick> times;
  std::vector<std::uint32_t> neurons;
  for (const Spike& spike : spikes) {
    times.push_back(spike.time);
    neurons.push_back(spike.neuron);
  }
  archive.List(path + ".times", times);
  archive.List(path + "." + neurons_name, neurons);
  if constexpr (Archive::kReading) {
    Archive::Check(times.size() == neurons.size(), path, "arrays of one length");
    spikes.resize(times.size());
    for (std::size_t i = 0; i < times.size(); ++i) spikes[i] = {times[i], neurons[i]};
  }
}

}  // namespace synfire::events
