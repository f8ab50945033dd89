#include "mappers/eps/signing/signed_parts.h"

#include <algorithm>
#include <charconv>

#include "fhir/tree/builder.h"
#include "fhir/xml/canonical.h"

namespace concord::eps::signing {
namespace {

using tree::Flag;
using tree::Node;
using tree::Symbol;

constexpr std::string_view kNamespace = "urn:hl7-org:v3";
/// Root of short form prescription ids, which the digest does not cover.
constexpr std::string_view kShortFormRoot = "2.16.840.1.113883.2.1.3.2.4.18.8";

bool is_element(const Node& node) {
  return !node.is(Flag::attribute) && node.kind() != tree::Kind::text;
}

Error unclear(std::string_view parent, std::string_view name) {
  return make_error(ErrorCode::invalid,
                    std::string(parent) + " must have " + std::string(name) + " once");
}

/// Appends copies below Fragment elements. Fails with too_long once, at the end.
class Fragments {
 public:
  explicit Fragments(const tree::Document& from)
      : from_(from), document_(from.symbols(), from.limits()), builder_(document_) {
    builder_.set_name(builder_.root(), builder_.symbol("FragmentsToBeHashed"));
  }

  void begin() {
    fragment_ = builder_.append(builder_.root(), builder_.symbol("Fragment"));
    whole_ = whole_ && fragment_ != nullptr;
  }

  Node* add(const Node& part) {
    if (!whole_) return nullptr;
    Node* copy =
        builder_.copy_into(*fragment_, from_, part, builder_.symbol(from_.text(part.name())));
    whole_ = copy != nullptr;
    if (whole_) builder_.set_namespace(*copy, builder_.symbol(kNamespace));
    return copy;
  }

  void add_line_item(const Node& item) {
    Node* copy = add(item);
    if (copy == nullptr) return;
    drop_children(*copy, "pertinentInformation4");
    const Symbol repeats = document_.find("repeatNumber");
    if (repeats == Symbol::kNone) return;
    for (const Node* at = copy->child(repeats); at != nullptr; at = at->next_same()) {
      keep_only(tree::Builder::mutable_node(*at), "high");
    }
  }

  Result<std::string> canonical() const {
    if (!whole_) return make_error(ErrorCode::too_long, "the prescription has too many elements");
    return xml::canonicalise(document_, document_.root());
  }

 private:
  template <typename Drop>
  void drop_if(Node& parent, Drop drop) {
    std::vector<Node*> dropped;
    for (const Node& child : parent.children()) {
      if (is_element(child) && drop(document_.name(child))) {
        dropped.push_back(&tree::Builder::mutable_node(child));
      }
    }
    for (Node* child : dropped) builder_.detach(*child);
  }
  void drop_children(Node& parent, std::string_view name) {
    drop_if(parent, [=](std::string_view child) { return child == name; });
  }
  void keep_only(Node& parent, std::string_view name) {
    drop_if(parent, [=](std::string_view child) { return child != name; });
  }

  const tree::Document& from_;
  tree::Document document_;
  tree::Builder builder_;
  Node* fragment_ = nullptr;
  bool whole_ = true;
};

/// The long form id is the first; any other must be the short form, so that no reader can take
/// another one for it.
const Node* long_form_id(const tree::Document& document, const Node& prescription) {
  const Node* first = nullptr;
  for (const Node& child : prescription.children()) {
    if (!is_element(child) || document.name(child) != "id") continue;
    if (child.xml_namespace() != prescription.xml_namespace()) return nullptr;
    const bool is_short = attribute(document, child, "root") == kShortFormRoot;
    if (is_short == (first == nullptr)) return nullptr;
    if (first == nullptr) first = &child;
  }
  return first;
}

}  // namespace

const Node* only_child(const tree::Document& document, const Node& parent, std::string_view name) {
  const Symbol symbol = document.find(name);
  if (symbol == Symbol::kNone) return nullptr;
  const Node* found = nullptr;
  for (const Node& child : parent.children()) {
    if (child.name() != symbol || !is_element(child)) continue;
    if (found != nullptr || child.xml_namespace() != parent.xml_namespace()) return nullptr;
    found = &child;
  }
  return found;
}

std::string_view attribute(const tree::Document& document, const Node& element,
                           std::string_view name) {
  for (const Node& child : element.children()) {
    if (child.is(Flag::attribute) && document.name(child) == name &&
        child.xml_namespace() == Symbol::kNone) {
      return child.text();
    }
  }
  return {};
}

Result<SignedParts> find_signed_parts(const tree::Document& document,
                                      const Node& parent_prescription) {
  SignedParts parts;
  const auto require = [&](const Node& parent, std::string_view name) -> Result<const Node*> {
    const Node* found = only_child(document, parent, name);
    if (found == nullptr) return unclear(document.name(parent), name);
    return found;
  };
  CONCORD_ASSIGN(parts.record_target, require(parent_prescription, "recordTarget"));
  CONCORD_ASSIGN(const Node* relation, require(parent_prescription, "pertinentInformation1"));
  CONCORD_ASSIGN(const Node* prescription, require(*relation, "pertinentPrescription"));
  parts.id = long_form_id(document, *prescription);
  if (parts.id == nullptr) return unclear("pertinentPrescription", "id in its long form first and");
  CONCORD_ASSIGN(parts.author, require(*prescription, "author"));
  CONCORD_ASSIGN(parts.time, require(*parts.author, "time"));
  CONCORD_ASSIGN(parts.agent_person, require(*parts.author, "AgentPerson"));
  for (const Node& child : prescription->children()) {
    if (!is_element(child) || document.name(child) != "pertinentInformation2") continue;
    if (child.xml_namespace() != prescription->xml_namespace()) {
      return unclear("pertinentPrescription", "pertinentInformation2 of its own namespace");
    }
    CONCORD_ASSIGN(const Node* item, require(child, "pertinentLineItem"));
    parts.line_items.push_back(item);
  }
  if (parts.line_items.empty()) return unclear("pertinentPrescription", "a line item at least");
  return parts;
}

Result<std::string> canonical_fragments(const tree::Document& document, const SignedParts& parts) {
  Fragments fragments(document);
  fragments.begin();
  fragments.add(*parts.time);
  fragments.add(*parts.id);
  fragments.begin();
  fragments.add(*parts.agent_person);
  fragments.begin();
  fragments.add(*parts.record_target);
  for (const Node* item : parts.line_items) {
    fragments.begin();
    fragments.add_line_item(*item);
  }
  return fragments.canonical();
}

std::optional<Instant> author_time(const tree::Document& document, const SignedParts& parts) {
  const std::string_view text = attribute(document, *parts.time, "value");
  if (text.size() != 14 || text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  const auto number = [&](std::size_t at, std::size_t length) {
    unsigned value = 0;
    std::from_chars(text.data() + at, text.data() + at + length, value);
    return value;
  };
  const std::chrono::year_month_day day{std::chrono::year(static_cast<int>(number(0, 4))),
                                        std::chrono::month(number(4, 2)),
                                        std::chrono::day(number(6, 2))};
  const unsigned hour = number(8, 2), minute = number(10, 2), second = number(12, 2);
  if (!day.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return std::chrono::sys_days(day) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

}  // namespace concord::eps::signing
