// Typed arrays in and out: checked views for synchronous use, copies, and results handed over without a copy.
#pragma once

#include <napi.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "native/addon/errors.h"
#include "native/base/aligned_buffer.h"

namespace synfire::addon {

// Which JavaScript typed array carries elements of type T.
template <class T>
struct TypedArrayOf;
template <>
struct TypedArrayOf<std::uint8_t> {
  static constexpr napi_typedarray_type kType = napi_uint8_array;
  static constexpr const char* kName = "Uint8Array";
};
template <>
struct TypedArrayOf<std::uint16_t> {
  static constexpr napi_typedarray_type kType = napi_uint16_array;
  static constexpr const char* kName = "Uint16Array";
};
template <>
struct TypedArrayOf<std::int16_t> {
  static constexpr napi_typedarray_type kType = napi_int16_array;
  static constexpr const char* kName = "Int16Array";
};
template <>
struct TypedArrayOf<std::int32_t> {
  static constexpr napi_typedarray_type kType = napi_int32_array;
  static constexpr const char* kName = "Int32Array";
};
template <>
struct TypedArrayOf<std::uint32_t> {
  static constexpr napi_typedarray_type kType = napi_uint32_array;
  static constexpr const char* kName = "Uint32Array";
};
template <>
struct TypedArrayOf<std::uint64_t> {
  static constexpr napi_typedarray_type kType = napi_biguint64_array;
  static constexpr const char* kName = "BigUint64Array";
};
template <>
struct TypedArrayOf<float> {
  static constexpr napi_typedarray_type kType = napi_float32_array;
  static constexpr const char* kName = "Float32Array";
};
template <>
struct TypedArrayOf<double> {
  static constexpr napi_typedarray_type kType = napi_float64_array;
  static constexpr const char* kName = "Float64Array";
};

// A view of a typed array, valid during the current synchronous call only: its owner may move or transfer the
// memory afterwards, so a Job must copy it. With a length given, any other length is an error.
template <class T>
std::span<T> ViewOf(Napi::Value value, const std::string& field, std::optional<std::size_t> length = {}) {
  using Kind = TypedArrayOf<std::remove_const_t<T>>;
  const std::string expected =
      "a " + std::string(Kind::kName) + (length ? " of " + std::to_string(*length) + " elements" : "");
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != Kind::kType) {
    throw InvalidArgument(value.Env(), field, value, expected);
  }
  const auto array = value.As<Napi::TypedArrayOf<std::remove_const_t<T>>>();
  if (length && array.ElementLength() != *length) throw InvalidArgument(value.Env(), field, value, expected);
  return {const_cast<Napi::TypedArrayOf<std::remove_const_t<T>>&>(array).Data(), array.ElementLength()};
}

// A copy that a Job may keep.
template <class T>
AlignedBuffer<T> CopyOf(Napi::Value value, const std::string& field, std::optional<std::size_t> length = {}) {
  const std::span<const T> view = ViewOf<const T>(value, field, length);
  AlignedBuffer<T> copy(view.size());
  std::copy(view.begin(), view.end(), copy.begin());
  return copy;
}

// A new typed array holding a copy.
template <class T>
Napi::Value NewTypedArray(Napi::Env env, std::span<const T> values) {
  auto array = Napi::TypedArrayOf<T>::New(env, values.size(), TypedArrayOf<T>::kType);
  std::copy(values.begin(), values.end(), array.Data());
  return array;
}

// A typed array that takes over the buffer; a copy where the runtime forbids memory of others (Electron).
template <class T>
Napi::Value NewTypedArray(Napi::Env env, AlignedBuffer<T> buffer) {
  auto owner = std::make_unique<AlignedBuffer<T>>(std::move(buffer));
  if (owner->empty()) return NewTypedArray<T>(env, std::span<const T>{});
  napi_value array_buffer = nullptr;
  const napi_status status = napi_create_external_arraybuffer(
      env, owner->data(), owner->bytes(),
      [](napi_env, void*, void* hint) { delete static_cast<AlignedBuffer<T>*>(hint); }, owner.get(),
      &array_buffer);
  if (status == napi_no_external_buffers_allowed) return NewTypedArray<T>(env, std::as_const(*owner).span());
  if (status != napi_ok) throw Napi::Error::New(env);
  const std::size_t length = owner.release()->size();
  return Napi::TypedArrayOf<T>::New(env, length, Napi::ArrayBuffer(env, array_buffer), 0,
                                    TypedArrayOf<T>::kType);
}

}  // namespace synfire::addon
