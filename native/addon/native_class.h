// Turns a plain C++ class into a JavaScript class: type-tagged, exception-safe, and free of N-API
// boilerplate.
//
//   class DatasetObject {
//    public:
//     static constexpr const char* kName = "Dataset";
//     static constexpr napi_type_tag kTag = kDatasetTag;
//     explicit DatasetObject(const Napi::CallbackInfo& info);      // arguments of `new Dataset(…)`; may
//     throw Napi::Value Samples(const Napi::CallbackInfo& info);         // may throw synfire::Error or
//     Napi::Error
//   };
//   void InitDataset(Napi::Env env, Napi::Object exports) {
//     using Class = NativeClass<DatasetObject>;
//     Class::Define(env, exports, {Class::Getter<&DatasetObject::Samples>("samples"),
//     Class::Method<…>("…")});
//   }
//
// Elsewhere, NativeClass<DatasetObject>::Unwrap(value, "dataset") gives the C++ object or throws. The
// JavaScript object may be collected while a Job runs: let the C++ object hold its engine by shared_ptr and
// the Job copy it.
#pragma once

#include <napi.h>

#include <memory>
#include <string>
#include <vector>

#include "native/addon/errors.h"

namespace synfire::addon {

template <class T>
class NativeClass : public Napi::ObjectWrap<NativeClass<T>> {
  using Base = Napi::ObjectWrap<NativeClass<T>>;

 public:
  using Property = typename Base::PropertyDescriptor;
  using MemberFunction = Napi::Value (T::*)(const Napi::CallbackInfo&);

  // Called by node-addon-api for `new`.
  explicit NativeClass(const Napi::CallbackInfo& info) : Base(info) {
    object_ = Guarded(info.Env(), [&] { return std::make_unique<T>(info); });
    info.This().template As<Napi::Object>().TypeTag(&T::kTag);
  }

  static void Define(Napi::Env env, Napi::Object exports, const std::vector<Property>& properties) {
    exports.Set(T::kName, Base::DefineClass(env, T::kName, properties));
  }

  template <MemberFunction method>
  static Property Method(const char* name) {
    napi_property_descriptor descriptor{};
    descriptor.utf8name = name;
    descriptor.method = &Call<method>;
    descriptor.attributes = napi_default_method;
    return descriptor;
  }

  template <MemberFunction method>
  static Property Getter(const char* name) {
    napi_property_descriptor descriptor{};
    descriptor.utf8name = name;
    descriptor.getter = &Call<method>;
    descriptor.attributes = napi_enumerable;
    return descriptor;
  }

  // The form that node-addon-api itself uses.
  using Base::Unwrap;
  // The C++ object behind a JavaScript value; throws when the value is no instance of this class.
  static T& Unwrap(Napi::Value value, const std::string& field) {
    if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&T::kTag)) {
      throw InvalidArgument(value.Env(), field, value, std::string("a native ") + T::kName);
    }
    return *Base::Unwrap(value.As<Napi::Object>())->object_;
  }

 private:
  template <MemberFunction method>
  static napi_value Call(napi_env env, napi_callback_info raw) {
    return Napi::details::WrapCallback(env, [&]() -> napi_value {
      const Napi::CallbackInfo info(env, raw);
      return Guarded(info.Env(), [&] { return (Unwrap(info.This(), "this").*method)(info); });
    });
  }

  std::unique_ptr<T> object_;
};

// A free function as a JavaScript function, with the same treatment of exceptions.
template <Napi::Value (*function)(const Napi::CallbackInfo&)>
Napi::Function NativeFunction(Napi::Env env, const char* name) {
  return Napi::Function::New(
      env, [](const Napi::CallbackInfo& info) { return Guarded(info.Env(), [&] { return function(info); }); },
      name);
}

}  // namespace synfire::addon
