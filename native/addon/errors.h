// The one way from C++ failures to JavaScript errors with code, field, value and expected.
#pragma once

#include <napi.h>

#include <exception>
#include <new>
#include <string>
#include <utility>

#include "native/base/error.h"

namespace synfire::addon {

// A JavaScript Error with `code` and, where known, `field`, `value` and `expected`.
inline Napi::Error MakeError(Napi::Env env, ErrorCode code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", ErrorName(code));
  return error;
}

inline Napi::Error ToJavaScript(Napi::Env env, const Error& error) {
  Napi::Error result = MakeError(env, error.code(), error.what());
  if (!error.field().empty()) result.Set("field", error.field());
  if (!error.value().empty()) result.Set("value", error.value());
  if (!error.expected().empty()) result.Set("expected", error.expected());
  return result;
}

// The exception being handled, as a JavaScript error. Only inside a catch block, only on the JavaScript
// thread.
inline Napi::Error CurrentExceptionToError(Napi::Env env) {
  try {
    throw;
  } catch (const Napi::Error& error) {
    return error;
  } catch (const Error& error) {
    return ToJavaScript(env, error);
  } catch (const std::bad_alloc&) {
    return MakeError(env, ErrorCode::kOutOfMemory, "The process is out of memory");
  } catch (const std::exception& error) {
    return MakeError(env, ErrorCode::kInternal, error.what());
  } catch (...) {
    return MakeError(env, ErrorCode::kInternal, "An unknown exception was thrown");
  }
}

// Calls the function and turns whatever it throws into a Napi::Error, the only exception that node-addon-api
// carries over to JavaScript. NativeClass and NativeFunction do this for every method.
template <class F>
auto Guarded(Napi::Env env, F&& function) {
  try {
    return std::forward<F>(function)();
  } catch (...) {
    throw CurrentExceptionToError(env);
  }
}

// A JavaScript value as an error message shows it, as `show` in lib/errors.ts does.
std::string Show(Napi::Value value);

// The error of a bad argument; carries the JavaScript value itself as `value`.
inline Napi::Error InvalidArgument(Napi::Env env, const std::string& field, Napi::Value value,
                                   const std::string& expected) {
  Napi::Error error = ToJavaScript(env, synfire::InvalidArgument(field, Show(value), expected));
  error.Set("value", value);
  return error;
}

}  // namespace synfire::addon
