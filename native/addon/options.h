// Reads option objects from JavaScript: every check fails with the same wording, naming the field by its
// path.
#pragma once

#include <napi.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "native/addon/buffers.h"
#include "native/addon/errors.h"

namespace synfire::addon {

// Bounds of a number, both inclusive.
struct NumberRange {
  double min = -std::numeric_limits<double>::max();
  double max = std::numeric_limits<double>::max();
};
struct IntegerRange {
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int32_t>::max();
};

// Checks of single values; `field` is what an error calls the value.
double ParseNumber(Napi::Value value, const std::string& field, NumberRange range);
std::int64_t ParseInteger(Napi::Value value, const std::string& field, IntegerRange range);
// An unsigned 64-bit seed from a non-negative safe integer.
std::uint64_t ParseSeed(Napi::Value value, const std::string& field);

// One options object. Numbers, integers and flags without a fallback are required; with one, undefined means
// the fallback. Errors are JavaScript errors (Napi::Error) with code, field, value and expected. Lives only
// as long as the call that received the object.
class Options {
 public:
  // `path` prefixes field names: Options(value, "optimizer") reports "optimizer.beta1". Throws when the value
  // is not an object.
  explicit Options(Napi::Value value, std::string path = {});

  Napi::Env Env() const { return object_.Env(); }
  // The path of a field, for errors of the caller's own.
  std::string Path(std::string_view name) const;
  Napi::Value Get(const char* name) const { return object_.Get(name); }
  // Neither undefined nor null.
  bool Has(const char* name) const;

  double Number(const char* name, NumberRange range = {}, std::optional<double> fallback = {}) const;
  std::int64_t Integer(const char* name, IntegerRange range = {},
                       std::optional<std::int64_t> fallback = {}) const;
  std::uint64_t Seed(const char* name) const { return ParseSeed(Get(name), Path(name)); }
  bool Boolean(const char* name, std::optional<bool> fallback = {}) const;
  std::string String(const char* name, std::optional<std::string> fallback = {}) const;

  // Exactly `count` integers, such as a kernel's [height, width].
  template <std::size_t count>
  std::array<std::int64_t, count> Integers(const char* name, IntegerRange range) const {
    std::array<std::int64_t, count> result;
    const Napi::Array list = List(name, count);
    for (std::size_t i = 0; i < count; ++i) {
      result[i] = ParseInteger(list.Get(i), Path(name) + "[" + std::to_string(i) + "]", range);
    }
    return result;
  }

  // One of a set of names, such as OneOf<Reset>("reset", {{"zero", Reset::kZero}, {"value", Reset::kValue}}).
  template <class E>
  E OneOf(const char* name, std::initializer_list<std::pair<const char*, E>> choices) const {
    const Napi::Value value = Get(name);
    std::string names;
    for (const auto& [choice, meaning] : choices) {
      if (value.IsString() && value.As<Napi::String>().Utf8Value() == choice) return meaning;
      names += (names.empty() ? "\"" : ", \"") + std::string(choice) + "\"";
    }
    throw InvalidArgument(Env(), Path(name), value, "one of " + names);
  }

  // The options inside this field.
  Options Child(const char* name) const { return Options(Get(name), Path(name)); }
  // The options in a list of objects, such as layers.
  std::vector<Options> Children(const char* name) const;

  // Typed arrays: a view for the current call, or a copy that a Job may keep.
  template <class T>
  std::span<T> View(const char* name, std::optional<std::size_t> length = {}) const {
    return ViewOf<T>(Get(name), Path(name), length);
  }
  template <class T>
  AlignedBuffer<T> Copy(const char* name, std::optional<std::size_t> length = {}) const {
    return CopyOf<T>(Get(name), Path(name), length);
  }

 private:
  Napi::Array List(const char* name, std::optional<std::size_t> length = {}) const;

  Napi::Object object_;
  std::string path_;
};

}  // namespace synfire::addon
