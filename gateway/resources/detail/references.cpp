#include "gateway/resources/detail/references.h"

#include <algorithm>
#include <optional>

#include "fhir/tree/builder.h"
#include "fhir/xml/reader.h"
#include "fhir/xml/writer.h"

namespace concord::resources::detail {

using tree::Builder;
using tree::Document;
using tree::Node;

namespace {

/// "https://x/fhir/" of "https://x/fhir/Patient/1"; empty when it is no RESTful address.
std::string_view base_in(const Room& room, std::string_view url) {
  const std::size_t last = url.rfind('/');
  if (last == std::string_view::npos || last == 0) return {};
  const std::size_t before = url.rfind('/', last - 1);
  if (before == std::string_view::npos) return {};
  return room.serves(url.substr(before + 1, last - before - 1)) ? url.substr(0, before + 1)
                                                                : std::string_view();
}

class Rewriter {
 public:
  Rewriter(const Room& room, Document& body, const Identities& identities, std::string_view own_url,
           const ResolveConditional& conditional)
      : room_(room),
        body_(body),
        builder_(body),
        identities_(identities),
        base_(base_in(room, own_url)),
        conditional_(conditional) {}

  /// Down by first_child and next_sibling, up by parent: no stack, so no depth to bound.
  Result<void> run() {
    const Node* top = &body_.root();
    const Node* at = top;
    while (true) {
      if (at->has_value()) CONCORD_TRY(value(Builder::mutable_node(*at)));
      if (at->first_child() != nullptr) {
        at = at->first_child();
        continue;
      }
      while (at != top && at->next_sibling() == nullptr) at = at->parent();
      if (at == top) return {};
      at = at->next_sibling();
    }
  }

 private:
  Result<void> value(Node& node) {
    if (node.type() == room_.names.xhtml_type) return narrative(node);
    const bool reference = node.name() == room_.names.reference && node.parent() != nullptr &&
                           node.parent()->type() == room_.names.reference_type;
    const auto& uris = room_.names.uri_types;
    if (!reference && std::find(uris.begin(), uris.end(), node.type()) == uris.end()) return {};
    if (auto here = found(node.text(), reference)) {
      builder_.set_copy(node, *here);
      return {};
    }
    return reference ? resolve(node) : Result<void>();
  }

  /// What a reference becomes; nothing when it leads to no entry.
  std::optional<std::string> found(std::string_view text, bool relative_too) const {
    const std::size_t end =
        std::min({text.find('#'), text.find("/_history/"), text.find('|'), text.size()});
    const std::string_view whole = text.substr(0, end);
    auto at = identities_.find(whole);
    if (at == identities_.end() && relative_too && !base_.empty()) {
      at = identities_.find(std::string(base_).append(whole));
    }
    if (at == identities_.end() || whole.empty()) return std::nullopt;
    // The version a sender knew is not the one the resource has here.
    const std::size_t fragment = std::min(text.find('#'), text.size());
    return at->second + std::string(text.substr(fragment));
  }

  Result<void> resolve(Node& node) {
    const std::string_view text = node.text();
    const std::size_t mark = text.find('?');
    if (mark == std::string_view::npos) return {};
    const std::string_view type = text.substr(0, mark);
    if (!room_.serves(type)) return {};
    if (const auto made = identities_.find(text); made != identities_.end()) {
      builder_.set_copy(node, made->second);
      return {};
    }
    auto name = conditional_(type, text.substr(mark + 1));
    if (!name) {
      Error error = std::move(name).error();
      for (Issue& issue : error.issues) issue.expression = body_.path(node);
      return error;
    }
    builder_.set_copy(node, *name);
    return {};
  }

  /// Links and images, through an XML tree; narratives that name no entry are left as they are.
  Result<void> narrative(Node& node) {
    const std::string_view text = node.text();
    if (text.find("href") == std::string_view::npos && text.find("src") == std::string_view::npos) {
      return {};
    }
    auto document = xml::read(std::string(text), room_.symbols(), room_.settings.limits);
    if (!document) return {};  // the validator says what is wrong with it
    Builder builder(*document);
    bool changed = false;
    const Node* top = &document->root();
    for (const Node* at = top;;) {
      const std::string_view name = document->name(*at);
      if (at->is(tree::Flag::attribute) && (name == "href" || name == "src")) {
        if (auto here = found(at->text(), true)) {
          builder.set_copy(Builder::mutable_node(*at), *here);
          changed = true;
        }
      }
      if (at->first_child() != nullptr) {
        at = at->first_child();
        continue;
      }
      while (at != top && at->next_sibling() == nullptr) at = at->parent();
      if (at == top) break;
      at = at->next_sibling();
    }
    if (!changed) return {};
    xml::WriteOptions options;
    options.declaration = false;
    options.indent = 0;
    options.limits = room_.settings.limits;
    CONCORD_ASSIGN(const std::string written, xml::write(*document, options));
    builder_.set_copy(node, written);
    return {};
  }

  const Room& room_;
  Document& body_;
  Builder builder_;
  const Identities& identities_;
  const std::string_view base_;
  const ResolveConditional& conditional_;
};

}  // namespace

Result<void> rewrite_references(const Room& room, Document& body, const Identities& identities,
                                std::string_view own_url, const ResolveConditional& conditional) {
  return Rewriter(room, body, identities, own_url, conditional).run();
}

}  // namespace concord::resources::detail
