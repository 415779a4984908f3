// The one exception type of the engines: a code that programs can switch on and a text that people can act
// on.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace synfire {

enum class ErrorCode {
  kInvalidArgument,
  kConfig,
  kDataFormat,
  kDataMissing,
  kDownload,
  kCheckpoint,
  kNumeric,
  kBusy,
  kOutOfMemory,
  kCancelled,
  kNativeMissing,
  kIo,
  kInternal,
};

// The code as JavaScript sees it, such as "ERR_SYNFIRE_NUMERIC".
constexpr const char* ErrorName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "ERR_SYNFIRE_INVALID_ARGUMENT";
    case ErrorCode::kConfig:
      return "ERR_SYNFIRE_CONFIG";
    case ErrorCode::kDataFormat:
      return "ERR_SYNFIRE_DATA_FORMAT";
    case ErrorCode::kDataMissing:
      return "ERR_SYNFIRE_DATA_MISSING";
    case ErrorCode::kDownload:
      return "ERR_SYNFIRE_DOWNLOAD";
    case ErrorCode::kCheckpoint:
      return "ERR_SYNFIRE_CHECKPOINT";
    case ErrorCode::kNumeric:
      return "ERR_SYNFIRE_NUMERIC";
    case ErrorCode::kBusy:
      return "ERR_SYNFIRE_BUSY";
    case ErrorCode::kOutOfMemory:
      return "ERR_SYNFIRE_OUT_OF_MEMORY";
    case ErrorCode::kCancelled:
      return "ERR_SYNFIRE_CANCELLED";
    case ErrorCode::kNativeMissing:
      return "ERR_SYNFIRE_NATIVE_MISSING";
    case ErrorCode::kIo:
      return "ERR_SYNFIRE_IO";
    case ErrorCode::kInternal:
      break;
  }
  return "ERR_SYNFIRE_INTERNAL";
}

// What a failing engine throws. `field` names the option at fault, `value` shows what it was and `expected`
// says what would be valid; each may be empty where it makes no sense.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message, std::string field = {}, std::string value = {},
        std::string expected = {})
      : std::runtime_error(message),
        code_(code),
        field_(std::move(field)),
        value_(std::move(value)),
        expected_(std::move(expected)) {}

  ErrorCode code() const { return code_; }
  const std::string& field() const { return field_; }
  const std::string& value() const { return value_; }
  const std::string& expected() const { return expected_; }

 private:
  ErrorCode code_;
  std::string field_;
  std::string value_;
  std::string expected_;
};

// The error of a bad argument, in the wording every part of the library shares.
inline Error InvalidArgument(const std::string& field, const std::string& value,
                             const std::string& expected) {
  return Error(ErrorCode::kInvalidArgument, field + " is " + value + "; expected " + expected, field, value,
               expected);
}

}  // namespace synfire
