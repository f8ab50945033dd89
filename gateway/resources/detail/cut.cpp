// _summary and _elements. Source: hl7.org/fhir/R4/search.html#summary, #elements.

#include <algorithm>
#include <array>

#include "fhir/definitions/definitions.h"
#include "fhir/json/writer.h"
#include "fhir/tree/prune.h"
#include "gateway/resources/detail/body.h"
#include "gateway/resources/detail/present.h"

namespace concord::resources::detail {

using definitions::Type;
using definitions::TypeKind;
using search::SummaryMode;
using tree::Builder;
using tree::Document;
using tree::Flag;
using tree::Kind;
using tree::Node;

namespace {

constexpr std::string_view kSubsettedSystem =
    "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";

/// Elements that are there in every cut.
bool is_always_kept(std::string_view name) {
  constexpr std::array<std::string_view, 4> kKept{"id", "meta", "implicitRules",
                                                  "modifierExtension"};
  return std::find(kKept.begin(), kKept.end(), name) != kKept.end();
}

class Cutter {
 public:
  Cutter(const Room& room, Document& document, const Cut& cut)
      : room_(room), document_(document), builder_(document), cut_(cut) {}

  void run() {
    Node& root = builder_.root();
    const Type* type = room_.parts.definitions->type(root.type());
    if (type == nullptr) return;
    tree::keep_children(builder_, root, [&](Node& node) { return keeps(*type, node); });
    if (cut_.summary == SummaryMode::yes && cut_.elements.empty()) cut_backbones(root);
    mark(root);
  }

 private:
  bool keeps(const Type& type, const Node& node) const {
    const std::string_view name = document_.name(node);
    const definitions::Child child = type.child(node.name());
    if (is_always_kept(name)) return true;
    if (child && child.element->min > 0) return true;
    if (!cut_.elements.empty()) {
      const std::string_view base =
          child ? document_.symbols().text(child.element->name) : std::string_view();
      const bool named = std::any_of(
          cut_.elements.begin(), cut_.elements.end(),
          [&](const std::string& element) { return element == name || element == base; });
      if (named || cut_.summary == SummaryMode::no) return named;
    }
    switch (cut_.summary) {
      case SummaryMode::yes:
        return child && child.element->is_summary;
      case SummaryMode::data:
        return name != "text";
      case SummaryMode::text:
        return name == "text";
      case SummaryMode::no:
      case SummaryMode::count:
        break;
    }
    return true;
  }

  /// Parts of the resource that are kept are cut like it, and go when nothing is left of them;
  /// values of data types stay whole.
  void cut_backbones(Node& root) {
    std::vector<Node*> parts{&root};
    for (std::size_t i = 0; i < parts.size(); ++i) {
      for (const Node& child : parts[i]->children()) {
        const Type* type = room_.parts.definitions->type(child.type());
        if (type != nullptr && type->kind() == TypeKind::backbone) {
          parts.push_back(&Builder::mutable_node(child));
        }
      }
    }
    for (std::size_t i = parts.size(); i-- > 1;) {  // the innermost first
      Node& part = *parts[i];
      const Type& type = *room_.parts.definitions->type(part.type());
      tree::keep_children(builder_, part, [&](Node& member) {
        const definitions::Child known = type.child(member.name());
        return known &&
               (known.element->is_summary || known.element->min > 0 || known.element->is_modifier);
      });
      if (part.first_child() == nullptr) builder_.detach(part);
    }
  }

  void mark(Node& root) {
    const auto names = room_.names;
    Node* id = nullptr;
    if (const Node* there = root.child(names.id); there != nullptr) {
      id = &Builder::mutable_node(*there);
    }
    Node* meta = child_at(builder_, root, id, names.meta, Kind::element);
    if (meta == nullptr) return;
    for (const Node* tag = meta->child(names.tag); tag != nullptr; tag = tag->next_same()) {
      if (Room::text_of(*tag, names.code) == "SUBSETTED") return;
    }
    Node* tag = builder_.append_grouped(*meta, names.tag);
    if (tag == nullptr) return;
    builder_.set_flag(*tag, Flag::in_array);
    const auto text = [&](tree::Symbol name, std::string_view value) {
      if (Node* node = builder_.append(*tag, name, Kind::string); node != nullptr) {
        builder_.set_text(*node, value);
      }
    };
    text(names.system, kSubsettedSystem);
    text(names.code, "SUBSETTED");
  }

  const Room& room_;
  Document& document_;
  Builder builder_;
  const Cut& cut_;
};

}  // namespace

Result<std::string> cut_body(const Room& room, std::string body, const Cut& cut) {
  if (!cut.any() || cut.summary == SummaryMode::count) return body;
  CONCORD_ASSIGN(Document document, read_body(room, std::move(body)));
  Cutter(room, document, cut).run();
  auto text = json::write(document);
  if (!text) return make_error(ErrorCode::internal, "a cut resource cannot be written");
  return text;
}

}  // namespace concord::resources::detail
