#pragma once
// Builds JSON objects in a tree and writes them. Empty texts leave no member.

#include <string>
#include <string_view>

#include "fhir/json/writer.h"
#include "fhir/tree/builder.h"

namespace concord::runner {

/// Over one document; ends the program only when memory does.
class JsonWriting {
 public:
  explicit JsonWriting(tree::Document& document) : builder_(document) {}

  tree::Node& root() { return builder_.root(); }
  tree::Builder& builder() { return builder_; }

  tree::Node& object(tree::Node& parent, std::string_view name) {
    return or_root(builder_.append(parent, builder_.symbol(name)));
  }
  /// One more member of the array `name`.
  tree::Node& item(tree::Node& parent, std::string_view name) {
    tree::Node& made = or_root(builder_.append_grouped(parent, builder_.symbol(name)));
    builder_.set_flag(made, tree::Flag::in_array);
    return made;
  }
  void text(tree::Node& parent, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    scalar(parent, name, valid_utf8(value), tree::Kind::string);
  }
  void number(tree::Node& parent, std::string_view name, std::uint64_t value) {
    scalar(parent, name, std::to_string(value), tree::Kind::number);
  }
  void decimal(tree::Node& parent, std::string_view name, const std::string& value) {
    scalar(parent, name, value, tree::Kind::number);
  }

  /// Errors: too_long (over the limits of the document), internal.
  Result<std::string> finish() {
    if (full_) return make_error(ErrorCode::too_long, "the record is too long");
    return json::write(builder_.document(),
                       {.pretty = true, .limits = builder_.document().limits()});
  }

 private:
  void scalar(tree::Node& parent, std::string_view name, const std::string& value,
              tree::Kind kind) {
    builder_.set_copy(or_root(builder_.append(parent, builder_.symbol(name), kind)), value);
  }
  /// Bodies may be anything; JSON is UTF-8.
  static std::string valid_utf8(std::string_view text);

  tree::Node& or_root(tree::Node* made) {
    full_ = full_ || made == nullptr;
    return made == nullptr ? builder_.root() : *made;
  }

  tree::Builder builder_;
  bool full_ = false;
};

}  // namespace concord::runner
