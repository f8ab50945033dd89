#include <algorithm>

#include "fhir/definitions/definitions.h"
#include "fhir/definitions/r4_generated.h"
#include "fhir/mapping/structure_map_read.h"

namespace concord::mapping {
namespace {

using Mode = ast::Concepts::Unmapped::Mode;

class Element {
 public:
  Element(const tree::Document& document, const tree::Node& node)
      : document_(document), node_(node) {}

  std::string text(std::string_view name) const {
    const tree::Node* found = child(name);
    return found == nullptr ? std::string() : std::string(found->text());
  }
  template <typename Each>
  void each(std::string_view name, Each&& visit) const {
    for (const tree::Node* at = child(name); at != nullptr; at = at->next_same()) {
      visit(Element(document_, *at));
    }
  }

 private:
  const tree::Node* child(std::string_view name) const {
    const tree::Symbol symbol = document_.find(name);
    return symbol == tree::Symbol::kNone ? nullptr : node_.child(symbol);
  }
  const tree::Document& document_;
  const tree::Node& node_;
};

/// R4's equivalence or R5's relationship; what neither knows translates.
ast::Relation relation_of(std::string_view r4, std::string_view r5) {
  for (const ast::RelationSign& row : ast::kRelationSigns) {
    if (r4.empty() ? row.r5 == r5 : row.r4 == r4) return row.relation;
  }
  return r4.empty() ? ast::Relation::related : ast::Relation::equivalent;
}

/// What R4 and R5 call the modes; nothing for another.
std::optional<Mode> mode_of(std::string_view mode) {
  if (mode == "provided" || mode == "use-source-code") return Mode::provided;
  if (mode == "fixed") return Mode::fixed;
  if (mode == "other-map") return Mode::other;
  return std::nullopt;
}

void read_group(const Element& group, ast::Concepts& concepts) {
  const std::string from = group.text("source"), to = group.text("target");
  group.each("element", [&](const Element& element) {
    ast::ConceptRow row{from, element.text("code"), to, {}, ast::Relation::unmatched, {}};
    bool any = false;
    element.each("target", [&](const Element& target) {
      any = true;
      row.target_code = target.text("code");
      row.display = target.text("display");
      row.relation = relation_of(target.text("equivalence"), target.text("relationship"));
      concepts.rows.push_back(row);
    });
    if (!any) concepts.rows.push_back(row);  // R5's noMap
  });
  group.each("unmapped", [&](const Element& unmapped) {
    const auto mode = mode_of(unmapped.text("mode"));
    if (!mode) return;
    ast::Concepts::Unmapped rule{*mode, from, {}, {}, {}, {1, 1}};
    if (*mode == Mode::fixed) {
      rule.text = unmapped.text("code");
      rule.target_system = to;
      rule.display = unmapped.text("display");
    } else if (*mode == Mode::other) {
      rule.text = unmapped.text("url") + unmapped.text("otherMap");  // R4's and R5's name
    }
    concepts.unmapped.push_back(std::move(rule));
  });
}

std::string_view view(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view() : std::string_view(text->c_str(), text->size());
}

/// The members of a table that may be absent.
template <typename Rows, typename Each>
void each_of(const Rows* rows, Each&& visit) {
  if (rows == nullptr) return;
  for (const auto* row : *rows) visit(*row);
}

}  // namespace

ast::Concepts read_concept_map(const tree::Document& document, const tree::Node& resource) {
  const Element map(document, resource);
  ast::Concepts concepts;
  if (std::string url = map.text("url"); !url.empty()) concepts.url = {std::move(url), {1, 1}};
  concepts.documentation = map.text("description");
  map.each("group", [&](const Element& group) { read_group(group, concepts); });
  return concepts;
}

std::optional<ast::Concepts> carried_concepts(const definitions::Definitions& definitions,
                                              std::string_view url) {
  namespace pack = definitions::pack;
  const pack::ConceptMap* found = definitions.concept_map(url);
  if (found == nullptr) return std::nullopt;
  ast::Concepts concepts;
  concepts.url = {std::string(url), {1, 1}};
  each_of(found->groups(), [&](const pack::MapGroup& group) {
    const std::string from(view(group.source())), to(view(group.target()));
    each_of(group.elements(), [&](const pack::MapElement& element) {
      ast::ConceptRow row{from, std::string(view(element.code())), to,
                          {},   ast::Relation::unmatched,          {}};
      if (element.targets() == nullptr || element.targets()->size() == 0) {
        concepts.rows.push_back(row);
      }
      each_of(element.targets(), [&](const pack::MapTarget& target) {
        row.target_code = view(target.code());
        row.display = view(target.display());
        row.relation = relation_of(view(target.equivalence()), view(target.relationship()));
        concepts.rows.push_back(row);
      });
    });
    const auto mode = mode_of(view(group.unmapped_mode()));
    if (!mode) return;
    const auto text = *mode == Mode::other ? group.unmapped_url() : group.unmapped_code();
    concepts.unmapped.push_back({*mode,
                                 from,
                                 std::string(view(text)),
                                 to,
                                 std::string(view(group.unmapped_display())),
                                 {1, 1}});
  });
  return concepts;
}

}  // namespace concord::mapping
