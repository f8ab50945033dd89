// Fixed values and patterns. Source:
// hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.fixed_x_.
#include <algorithm>

#include "fhir/definitions/r4_generated.h"
#include "fhir/validate/detail/engine.h"

namespace concord::validate {

namespace {

using definitions::Element;
using definitions::Type;
using detail::ElementPlan;
using detail::Exemplar;
using tree::Document;
using tree::Node;

constexpr int kDeepest = 32;

/// Compares an element with an exemplar. Says nothing when only asked whether they agree.
class Comparison {
 public:
  Comparison(const definitions::Definitions& definitions, const Document& actual,
             const Document* wanted, bool pattern, Context* context, const ElementPlan* plan)
      : definitions_(definitions),
        actual_(actual),
        wanted_(wanted),
        pattern_(pattern),
        context_(context),
        plan_(plan) {}

  bool primitive(const Node& node, std::string_view wanted) {
    bool good = node.has_value() && node.text() == wanted;
    if (!good) {
      good = wrong("_DT_Fixed_Wrong", node,
                   pattern_ ? "is not the value of the pattern" : "is not the fixed value");
    }
    if (!pattern_ && member(actual_, node, "extension") != nullptr) {
      good =
          wrong("Extension_EXT_Fixed_Banned", node, "may have no extensions beside a fixed value");
    }
    return good;
  }

  /// The children of a complex value, in the order of its type.
  bool complex(const Node& node, const Node& wanted, const Type& type, int depth) {
    if (depth > kDeepest) return true;
    bool good = true;
    for (const Element& element : type.elements()) {
      const std::string_view name = definitions_.symbols().text(element.name);
      if (name == "id") continue;
      if (name == "extension" || name == "modifierExtension") {
        good = extensions(node, wanted, name) && good;
        continue;
      }
      for (const auto& choice : element.types) {
        const std::string_view written = definitions_.symbols().text(choice.name);
        const Node* has = member(actual_, node, written);
        const Node* wants = member(*wanted_, wanted, written);
        if (has == nullptr && wants == nullptr) continue;
        if (wants == nullptr) {
          if (pattern_) continue;
          good = wrong("Profile_VAL_NotAllowed", *has, "is not part of the fixed value");
          continue;
        }
        if (element.is_array) {
          good = list(node, has, *wants, *choice.type, written, depth) && good;
        } else if (has == nullptr) {
          good = wrong("Profile_VAL_MissingElement", node,
                       std::string("lacks ") + std::string(written) + ", which " +
                           (pattern_ ? "the pattern" : "the fixed value") + " has",
                       written);
        } else {
          good = one(*has, *wants, *choice.type, depth) && good;
        }
      }
    }
    return good;
  }

 private:
  static const Node* member(const Document& document, const Node& node, std::string_view name) {
    const tree::Symbol symbol = document.find(name);
    return symbol == tree::Symbol::kNone ? nullptr : node.child(symbol);
  }

  bool one(const Node& node, const Node& wanted, const Type& type, int depth) {
    return type.is_primitive() ? primitive(node, wanted.text())
                               : complex(node, wanted, type, depth + 1);
  }

  bool list(const Node& node, const Node* has, const Node& wants, const Type& type,
            std::string_view name, int depth) {
    std::size_t wanted_count = 0, count = 0;
    for (const Node* at = &wants; at != nullptr; at = at->next_same()) ++wanted_count;
    for (const Node* at = has; at != nullptr; at = at->next_same()) ++count;
    // A pattern's codings may stand among others, each in any place.
    if (pattern_ && type.text() == "Coding") {
      if (count < wanted_count) return wrong_count(node, name, wanted_count, count);
      bool good = true;
      for (const Node* want = &wants; want != nullptr; want = want->next_same()) {
        bool found = false;
        for (const Node* at = has; at != nullptr && !found; at = at->next_same()) {
          Comparison quiet(definitions_, actual_, wanted_, true, nullptr, plan_);
          found = quiet.complex(*at, *want, type, depth + 1);
        }
        if (found) continue;
        const Node* code = member(*wanted_, *want, "code");
        good = wrong("TYPE_CHECKS_PATTERN_CC", node,
                     "lacks the coding " +
                         (code == nullptr ? std::string() : std::string(code->text())) +
                         " of the pattern");
      }
      return good;
    }
    if (count != wanted_count) return wrong_count(node, name, wanted_count, count);
    bool good = true;
    const Node* want = &wants;
    for (const Node* at = has; at != nullptr; at = at->next_same(), want = want->next_same()) {
      good = one(*at, *want, type, depth) && good;
    }
    return good;
  }

  bool wrong_count(const Node& node, std::string_view name, std::size_t wanted, std::size_t count) {
    return wrong("Terminology_TX_Coding_Count", node,
                 "has " + std::to_string(count) + " of " + std::string(name) + ", not " +
                     std::to_string(wanted) + " as the profile's value");
  }

  bool extensions(const Node& node, const Node& wanted, std::string_view name) {
    std::size_t has = 0, wants = 0;
    for (const Node* at = member(actual_, node, name); at != nullptr; at = at->next_same()) ++has;
    for (const Node* at = member(*wanted_, wanted, name); at != nullptr; at = at->next_same()) {
      ++wants;
    }
    if (wants == 0) {
      if (has == 0 || pattern_) return true;
      return wrong("Extension_EXT_Fixed_Banned", node,
                   "may have no extensions beside a fixed value");
    }
    if (has == wants) return true;
    return wrong("Extension_EXT_Count_Mismatch", node,
                 "has " + std::to_string(has) + " extensions, not " + std::to_string(wants));
  }

  bool wrong(std::string_view id, const Node& node, std::string text, std::string_view name = {}) {
    if (context_ != nullptr) {
      context_->error(id, "value", node, std::move(text) + " (from " + plan_->profile->label + ")",
                      {}, name.empty() ? plan_->id : name);
    }
    return false;
  }

  const definitions::Definitions& definitions_;
  const Document& actual_;
  const Document* wanted_;
  bool pattern_;
  Context* context_;
  const ElementPlan* plan_;
};

}  // namespace

void Engine::fixed(const ElementPlan& plan, const Exemplar& exemplar, const Node& node) {
  const Document* wanted = exemplar.document ? &*exemplar.document : nullptr;
  Comparison comparison(definitions_, context_.document(), wanted, exemplar.pattern, &context_,
                        &plan);
  if (wanted == nullptr) {
    if (node.has_value()) comparison.primitive(node, exemplar.text);
  } else if (exemplar.type != nullptr) {
    comparison.complex(node, wanted->root(), *exemplar.type, 0);
  }
}

bool Engine::equals(const Document& document, const Node& node, const Exemplar& exemplar) {
  const Document* wanted = exemplar.document ? &*exemplar.document : nullptr;
  // A discriminator asks for what the value names, as a pattern does.
  Comparison comparison(definitions_, document, wanted, true, nullptr, nullptr);
  if (wanted == nullptr) return comparison.primitive(node, exemplar.text);
  const Type* own = definitions_.type(node.type());
  if (exemplar.type == nullptr || own == nullptr || !own->is(*exemplar.type)) return false;
  return comparison.complex(node, wanted->root(), *exemplar.type, 0);
}

}  // namespace concord::validate
