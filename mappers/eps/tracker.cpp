#include "mappers/eps/tracker.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <vector>

#include "fhir/core/digest.h"
#include "fhir/json/reader.h"
#include "fhir/tree/builder.h"
#include "mappers/eps/envelope.h"

namespace concord::eps {
namespace {

/// Members of an answer that are no prescription.
constexpr std::array<std::string_view, 5> kOwnMembers{"version", "reason", "statusCode",
                                                      "spineResponse", "error"};

bool is_own(std::string_view name) {
  return std::find(kOwnMembers.begin(), kOwnMembers.end(), name) != kOwnMembers.end();
}

/// A child in front of the others, with a text.
bool put_first(tree::Builder& builder, tree::Node& node, tree::Symbol name, std::string_view text) {
  tree::Node* made = builder.insert_after(node, nullptr, name, tree::Kind::string);
  if (made != nullptr) builder.set_copy(*made, text);
  return made != nullptr;
}

/// Turns `owner`'s members below `holder` into a list below `owner`: each gets the name `item` and
/// its own name as `id`; one that is only a text gets it as `description`.
bool list_members(tree::Builder& builder, tree::Node& owner, tree::Node& holder,
                  tree::Symbol item) {
  const tree::Document& document = builder.document();
  const tree::Symbol id = builder.symbol("id");
  const tree::Symbol description = builder.symbol("description");
  builder.detach(holder);
  std::vector<tree::Node*> members;
  for (const tree::Node& member : holder.children()) {
    members.push_back(&tree::Builder::mutable_node(member));
  }
  for (tree::Node* member : members) {
    const std::string_view name = document.name(*member);
    if (member->has_value()) {
      const std::string_view text = member->text();
      builder.clear_text(*member);
      builder.set_kind(*member, tree::Kind::element);
      if (!put_first(builder, *member, description, text)) return false;
    }
    if (!put_first(builder, *member, id, name)) return false;
    builder.set_name(*member, item);
    builder.detach(*member);
    builder.attach(owner, *member);
  }
  return true;
}

Error too_large() {
  return make_error(ErrorCode::too_long, "the message is longer than one of Spine can be");
}

/// What a zlib stream holds, up to the limit of answers.
Result<std::string> inflated(std::string_view packed) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) {
    return make_error(ErrorCode::internal, "zlib has no memory");
  }
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string text;
  std::array<char, 16 * 1024> buffer;
  int status = Z_OK;
  while (status == Z_OK && text.size() <= kAnswerLimits.max_bytes) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    status = inflate(&stream, Z_NO_FLUSH);
    text.append(buffer.data(), buffer.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (text.size() > kAnswerLimits.max_bytes) return too_large();
  if (status != Z_STREAM_END) {
    return make_error(ErrorCode::invalid, "the content of the document is no zlib stream");
  }
  return text;
}

}  // namespace

bool is_json(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  const std::size_t start = bytes.find_first_not_of(" \t\r\n");
  return start != std::string_view::npos && bytes[start] == '{';
}

Result<tree::Document> read_tracker(std::string_view json, const tree::Symbols& symbols) {
  if (json.size() > kAnswerLimits.max_bytes) return too_large();
  if (json.starts_with("\xEF\xBB\xBF")) json.remove_prefix(3);
  CONCORD_ASSIGN(tree::Document document,
                 json::read_plain(std::string(json), symbols, kAnswerLimits));
  tree::Builder builder(document);
  tree::Node& root = builder.root();
  const auto has = [&](std::string_view name) {
    const tree::Symbol symbol = document.find(name);
    return symbol != tree::Symbol::kNone && root.child(symbol) != nullptr;
  };
  if (!has("statusCode") && !has("prescriptions") && !has("spineResponse")) {
    return make_error(ErrorCode::unsupported, "this JSON is no answer of the tracker");
  }
  builder.set_name(root, builder.symbol("TrackerResponse"));
  const tree::Symbol prescription = builder.symbol("prescription");
  const tree::Symbol holder = builder.symbol("prescriptions");
  const tree::Symbol line_items = builder.symbol("lineItems");
  const tree::Symbol line_item = builder.symbol("lineItem");
  const tree::Symbol id = builder.symbol("id");

  std::vector<tree::Node*> members;
  for (const tree::Node& member : root.children()) {
    members.push_back(&tree::Builder::mutable_node(member));
  }
  for (tree::Node* member : members) {
    const std::string_view name = document.name(*member);
    if (member->name() == holder) {
      if (!list_members(builder, root, *member, prescription)) return too_large();
    } else if (!is_own(name) && !member->has_value()) {
      if (!put_first(builder, *member, id, name)) return too_large();
      builder.set_name(*member, prescription);
      builder.detach(*member);
      builder.attach(root, *member);
    }
  }
  for (const tree::Node* at = root.child(prescription); at != nullptr; at = at->next_same()) {
    const tree::Node* items = at->child(line_items);
    if (items == nullptr) continue;
    if (!list_members(builder, tree::Builder::mutable_node(*at),
                      tree::Builder::mutable_node(*items), line_item)) {
      return too_large();
    }
  }
  return document;
}

bool is_tracker_document(std::string_view element) {
  return element.starts_with("GET_PRESCRIPTION_DOCUMENT");
}

Result<std::string> unpack_tracker_document(const tree::Document& document,
                                            const tree::Node& element) {
  const auto place = [&](const tree::Node& node) { return document.path(node); };
  const tree::Node* content = find_element(document, element, "content");
  if (content == nullptr) {
    return make_error(ErrorCode::invalid, "the document has no content", place(element),
                      document.position(element));
  }
  std::string_view packed = content->text();
  if (packed.empty()) packed = text_at(document, *content, {"value"});
  const auto stopped = [&](Error error) {
    error.issues.front().expression = place(*content);
    error.issues.front().position = document.position(*content);
    return error;
  };
  const auto decoded = base64_decode(packed);
  if (!decoded) {
    return stopped(make_error(ErrorCode::invalid, "the content of the document is not base64"));
  }
  auto text = inflated(*decoded);
  if (!text) return stopped(std::move(text).error());
  return text;
}

}  // namespace concord::eps
