#include "mappers/core/replaceable.h"

#include <utility>

namespace concord::mappers {

ReplaceableMapper::ReplaceableMapper(std::shared_ptr<const Mapper> first)
    : name_(first->name()), current_(std::move(first)) {}

void ReplaceableMapper::replace(std::shared_ptr<const Mapper> next) {
  {
    const std::scoped_lock lock(guard_);
    current_.swap(next);
  }
  // The one before ends here, or with the last call that uses it.
}

std::shared_ptr<const Mapper> ReplaceableMapper::current() const {
  const std::scoped_lock lock(guard_);
  return current_;
}

bool ReplaceableMapper::recognises(const tree::Document& bundle) const {
  return current()->recognises(bundle);
}

Recognised ReplaceableMapper::recognise(const tree::Document& resource) const {
  return current()->recognise(resource);
}

Result<Encoded> ReplaceableMapper::encode(const tree::Document& bundle,
                                          const Parameters& parameters,
                                          mapping::TraceSink* trace) const {
  auto use = current();
  auto encoded = use->encode(bundle, parameters, trace);
  if (encoded && trace != nullptr) encoded->maps = std::move(use);
  return encoded;
}

Result<Decoded> ReplaceableMapper::decode(std::string_view bytes, std::string_view content_type,
                                          const Parameters& parameters,
                                          mapping::TraceSink* trace) const {
  auto use = current();
  auto decoded = use->decode(bytes, content_type, parameters, trace);
  if (decoded && trace != nullptr) decoded->maps = std::move(use);
  return decoded;
}

const Signatures* ReplaceableMapper::signatures() const {
  return current()->signatures() == nullptr ? nullptr : &signatures_;
}

Result<Acknowledgement> ReplaceableMapper::read_acknowledgement(
    std::string_view bytes, std::string_view content_type) const {
  return current()->read_acknowledgement(bytes, content_type);
}

bool ReplaceableMapper::Current::covers(const tree::Document& message) const {
  const auto use = of_.current();
  const Signatures* signatures = use->signatures();
  return signatures != nullptr && signatures->covers(message);
}

Result<Decoded> ReplaceableMapper::Current::prepare(const tree::Document& message,
                                                    const Parameters& parameters) const {
  const auto use = of_.current();
  const Signatures* signatures = use->signatures();
  if (signatures == nullptr) {
    return make_error(ErrorCode::unsupported, "this format has no signatures");
  }
  return signatures->prepare(message, parameters);
}

Result<std::vector<Issue>> ReplaceableMapper::Current::verify(const tree::Document& message,
                                                              const Parameters& parameters) const {
  const auto use = of_.current();
  const Signatures* signatures = use->signatures();
  if (signatures == nullptr) {
    return make_error(ErrorCode::unsupported, "this format has no signatures");
  }
  return signatures->verify(message, parameters);
}

Result<std::vector<Issue>> ReplaceableMapper::Current::verify_encoded(
    const Encoded& message, const Parameters& parameters) const {
  const auto use = of_.current();
  const Signatures* signatures = use->signatures();
  if (signatures == nullptr) {
    return make_error(ErrorCode::unsupported, "this format has no signatures");
  }
  return signatures->verify_encoded(message, parameters);
}

}  // namespace concord::mappers
