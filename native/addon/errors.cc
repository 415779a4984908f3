// Shows JavaScript values in error messages: short, on one line, and without running any of their code.
#include "native/addon/errors.h"

#include <cstddef>

namespace synfire::addon {
namespace {

constexpr std::size_t kLongest = 80;

std::string ShowString(const std::string& text) {
  std::string shown = "\"";
  for (const char c : text.substr(0, kLongest)) shown += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  return shown + (text.size() > kLongest ? "…\"" : "\"");
}

}  // namespace

std::string Show(Napi::Value value) {
  switch (value.Type()) {
    case napi_undefined:
      return "missing";
    case napi_null:
    case napi_boolean:
    case napi_number:
      return value.ToString().Utf8Value();
    case napi_string:
      return ShowString(value.As<Napi::String>().Utf8Value());
    case napi_function:
      return "a function";
    case napi_object:
      break;
    default:
      return "a symbol or big integer";
  }
  if (value.IsArray()) return "a list of " + std::to_string(value.As<Napi::Array>().Length()) + " values";
  if (value.IsTypedArray()) {
    return "a typed array of " + std::to_string(value.As<Napi::TypedArray>().ElementLength()) + " elements";
  }
  return "an object";
}

}  // namespace synfire::addon
