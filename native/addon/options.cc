// The checks behind Options, one sentence form for all.
#include "native/addon/options.h"

namespace synfire::addon {
namespace {

constexpr std::int64_t kMaxSafeInteger = (std::int64_t{1} << 53) - 1;

// A bound as a person would write it: 0.1, 16, 1e+30.
std::string Show(double bound) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.15g", bound);
  return text;
}

std::string Describe(NumberRange range) {
  const NumberRange unbounded;
  if (range.min == unbounded.min && range.max == unbounded.max) return "a finite number";
  if (range.max == unbounded.max) return "a number of at least " + Show(range.min);
  if (range.min == unbounded.min) return "a number of at most " + Show(range.max);
  return "a number from " + Show(range.min) + " to " + Show(range.max);
}

}  // namespace

double ParseNumber(Napi::Value value, const std::string& field, NumberRange range) {
  if (value.IsNumber()) {
    const double number = value.As<Napi::Number>().DoubleValue();
    if (number >= range.min && number <= range.max) return number;
  }
  throw InvalidArgument(value.Env(), field, value, Describe(range));
}

std::int64_t ParseInteger(Napi::Value value, const std::string& field, IntegerRange range) {
  if (value.IsNumber()) {
    const double number = value.As<Napi::Number>().DoubleValue();
    if (number == std::trunc(number) && std::abs(number) <= static_cast<double>(kMaxSafeInteger)) {
      const auto integer = static_cast<std::int64_t>(number);
      if (integer >= range.min && integer <= range.max) return integer;
    }
  }
  throw InvalidArgument(
      value.Env(), field, value,
      "a whole number from " + std::to_string(range.min) + " to " + std::to_string(range.max));
}

std::uint64_t ParseSeed(Napi::Value value, const std::string& field) {
  return static_cast<std::uint64_t>(ParseInteger(value, field, {0, kMaxSafeInteger}));
}

Options::Options(Napi::Value value, std::string path) : path_(std::move(path)) {
  if (!value.IsObject() || value.IsArray() || value.IsTypedArray()) {
    throw InvalidArgument(value.Env(), path_.empty() ? "options" : path_, value, "an object");
  }
  object_ = value.As<Napi::Object>();
}

std::string Options::Path(std::string_view name) const {
  return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
}

bool Options::Has(const char* name) const {
  const Napi::Value value = Get(name);
  return !value.IsUndefined() && !value.IsNull();
}

double Options::Number(const char* name, NumberRange range, std::optional<double> fallback) const {
  const Napi::Value value = Get(name);
  return fallback && value.IsUndefined() ? *fallback : ParseNumber(value, Path(name), range);
}

std::int64_t Options::Integer(const char* name, IntegerRange range,
                              std::optional<std::int64_t> fallback) const {
  const Napi::Value value = Get(name);
  return fallback && value.IsUndefined() ? *fallback : ParseInteger(value, Path(name), range);
}

bool Options::Boolean(const char* name, std::optional<bool> fallback) const {
  const Napi::Value value = Get(name);
  if (value.IsBoolean()) return value.As<Napi::Boolean>().Value();
  if (fallback && value.IsUndefined()) return *fallback;
  throw InvalidArgument(Env(), Path(name), value, "true or false");
}

std::string Options::String(const char* name, std::optional<std::string> fallback) const {
  const Napi::Value value = Get(name);
  if (value.IsString()) return value.As<Napi::String>().Utf8Value();
  if (fallback && value.IsUndefined()) return *fallback;
  throw InvalidArgument(Env(), Path(name), value, "a string");
}

std::vector<Options> Options::Children(const char* name) const {
  const Napi::Array list = List(name);
  std::vector<Options> children;
  for (std::uint32_t i = 0; i < list.Length(); ++i) {
    children.emplace_back(list.Get(i), Path(name) + "[" + std::to_string(i) + "]");
  }
  return children;
}

Napi::Array Options::List(const char* name, std::optional<std::size_t> length) const {
  const Napi::Value value = Get(name);
  if (value.IsArray() && (!length || value.As<Napi::Array>().Length() == *length))
    return value.As<Napi::Array>();
  throw InvalidArgument(Env(), Path(name), value,
                        length ? "a list of " + std::to_string(*length) + " values" : "a list");
}

}  // namespace synfire::addon
