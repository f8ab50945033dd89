#include "fhir/snapshot/detail/merge.h"

#include <algorithm>
#include <array>

#include "fhir/snapshot/detail/extensions.h"

namespace concord::snapshot {

namespace {

using tree::Node;

/// Fields that the differential replaces as a whole.
constexpr std::array kReplaced{
    Field::short_text, Field::fixed,     Field::pattern,         Field::max_length,
    Field::min_value,  Field::max_value, Field::must_have_value, Field::max,
};
/// Fields whose text the differential replaces, or continues when it begins with "...".
constexpr std::array kContinued{Field::label, Field::definition, Field::comment,
                                Field::requirements};

class Merge {
 public:
  Merge(Run& run, Element& element, Element& diff, const Definition& source, bool within_slice)
      : run_(run), element_(element), diff_(diff), source_(source), within_slice_(within_slice) {}

  Result<void> all() {
    diff_.result = &element_;
    const bool extension = simplify_extension(run_, element_);
    merge_extensions(element_, diff_);
    CONCORD_TRY(take_root_of_profile());
    if (diff_.has_slice_name()) element_.slice_name = diff_.slice_name;
    check_cardinality();
    check_must_support();
    for (const Field field : kReplaced) {
      if (diff_.has(field) && !same_field(diff_, element_, field)) element_.take(field, diff_);
    }
    if (diff_.has(Field::min)) element_.take(Field::min, diff_);
    if (diff_.has(Field::must_support)) element_.take(Field::must_support, diff_);
    for (const Field field : kContinued) continue_text(field);
    if (element_.path.find('.') == std::string_view::npos) element_.clear(Field::requirements);
    add_missing(Field::alias);
    add_missing(Field::value_alternatives);
    add_missing(Field::condition);
    merge_examples();
    if (extension) merge_modifier();
    merge_binding();
    CONCORD_TRY(merge_summary());
    CONCORD_TRY(merge_types(run_, element_, diff_, source_));
    merge_mappings();
    merge_constraints();
    if (element_.has(Field::binding) && !may_be_bound()) element_.clear(Field::binding);
    check_value(Field::fixed, "fixed");
    check_value(Field::pattern, "pattern");
    return {};
  }

 private:
  Result<void> take_root_of_profile();
  void check_cardinality();
  void check_must_support();
  void continue_text(Field field);
  void add_missing(Field field);
  void merge_examples();
  void merge_modifier();
  void merge_binding();
  Result<void> merge_summary();
  void merge_mappings();
  void merge_constraints();
  bool may_be_bound();
  void check_value(Field field, std::string_view name);

  Run& run_;
  Element& element_;
  Element& diff_;
  const Definition& source_;
  bool within_slice_;
};

/// Where the differential names the definition of an extension or a profile of a resource, the
/// prose of its root comes before the differential's.
Result<void> Merge::take_root_of_profile() {
  Definition* profile = nullptr;
  bool of_data_type = false;
  if (element_.has_slice_name() && element_.types.size() == 1) {
    profile = run_.store.find(element_.types.front().first("profile"), &source_);
  }
  const std::string_view stated =
      diff_.types.empty() ? std::string_view{} : diff_.types.front().first("profile");
  if (profile == nullptr && !stated.empty()) {
    profile = run_.store.find_or_make(stated, &run_.derived);
    if (profile != nullptr && profile->synthetic) {
      run_.report(Severity::information, "",
                  "The extension " + std::string(stated) +
                      " of another version of FHIR is not known; anything is accepted in it",
                  &diff_);
    }
    if (profile != nullptr && !profile->is_extension() && profile->kind != "resource" &&
        profile->kind != "logical") {
      profile = nullptr;
      of_data_type = true;
    }
  }
  if (profile != nullptr && (profile->kind == "resource" || profile->is_extension())) {
    if (auto ready = run_.store.prepare(*profile); !ready || !profile->has_snapshot()) {
      run_.report(
          Severity::warning, "SNAPSHOT_IS_EMPTY",
          "The profile " + std::string(profile->url) +
              " has no snapshot, and none can be generated" +
              (ready || ready.error().issues.empty() ? std::string()
                                                     : ": " + ready.error().issues.front().text),
          &diff_);
      return {};
    }
    const Element& root = *profile->snapshot.front();
    if (root.has(Field::definition)) element_.take(Field::definition, root);
    element_.take(Field::short_text, root);
    if (root.has(Field::comment)) element_.take(Field::comment, root);
    if (root.has(Field::requirements)) element_.take(Field::requirements, root);
    element_.take(Field::alias, root);
    element_.take(Field::mapping, root);
    return {};
  }
  if (profile == nullptr && !of_data_type && diff_.types.size() == 1 && !stated.empty()) {
    const TypeRef& type = diff_.types.front();
    const Node* canonical = type.node->child(type.document->find("profile"));
    if (extension_of(*type.document, canonical, kProfileElement) == nullptr) {
      run_.report(Severity::warning, "",
                  "The " + std::string(type.working == "Extension" ? "extension" : "profile") +
                      " " + std::string(stated) + " is not known",
                  &diff_);
    }
  }
  return {};
}

void Merge::check_cardinality() {
  if (diff_.has(Field::min) && diff_.min() < element_.min() && !diff_.has_slice_name()) {
    run_.report(Severity::error, "",
                std::string(element_.path) + ": min " + std::to_string(diff_.min()) +
                    " is less than min " + std::to_string(element_.min()) + " of the base " +
                    std::string(source_.url),
                &diff_);
  }
  if (diff_.has(Field::max) && element_.has(Field::max) &&
      diff_.max_count() > element_.max_count()) {
    run_.report(Severity::error, "",
                std::string(element_.path) + ": max " + std::string(diff_.max()) +
                    " is more than max " + std::string(element_.max()) + " of the base",
                &diff_);
  }
}

void Merge::check_must_support() {
  if (within_slice_) return;
  for (const Field field : {Field::must_support, Field::must_have_value}) {
    if (diff_.has(field) && element_.is_true(field) && !diff_.is_true(field)) {
      run_.report(Severity::error, "",
                  std::string(element_.path) + ": " + std::string(name_of(field)) +
                      " is true in the base and cannot be false",
                  &diff_);
    }
  }
}

void Merge::continue_text(Field field) {
  const Part* stated = diff_.find(field);
  if (stated == nullptr) return;
  const Part* known = element_.find(field);
  const std::string_view value = stated->value();
  const bool continues = value.starts_with("...") && known != nullptr;
  const bool keeps_children =
      known != nullptr && known->node != nullptr && known->node->first_child() != nullptr;
  const bool says_nothing = value.empty() && known != nullptr;
  if (!continues && !keeps_children && !says_nothing) {
    element_.set(*stated);
    return;
  }
  // The new text, with the translations and other extensions of both.
  tree::Document& scratch = run_.store.scratch();
  tree::Builder build(scratch);
  Node* made = stated->node == nullptr
                   ? build.append(build.root(), build.symbol(name_of(field)), tree::Kind::string)
                   : build.copy_into(build.root(), *stated->document, *stated->node,
                                     build.symbol(name_of(field)));
  if (made == nullptr) return;
  if (continues) {
    build.set_copy(*made, std::string(known->value()) + "\r\n" + std::string(value.substr(3)));
  } else {
    build.set_copy(*made, value.empty() ? known->value() : value);
  }
  if (keeps_children) {
    const tree::Symbol extension = build.symbol("extension"), url = build.symbol("url");
    for (const Node& child : known->node->children()) {
      const std::string_view name = known->document->name(child);
      if (name != "extension") continue;
      const Node* child_url = child.child(known->document->find("url"));
      bool there = false;
      for (const Node* at = made->child(extension); at != nullptr; at = at->next_same()) {
        const Node* at_url = at->child(url);
        there = there ||
                (at_url != nullptr && child_url != nullptr && at_url->text() == child_url->text());
      }
      if (!there) build.copy_into(*made, *known->document, child, extension);
    }
  }
  element_.set({field, &scratch, made});
}

void Merge::add_missing(Field field) {
  for (const Part& part : diff_.parts) {
    if (part.field != field) continue;
    const bool there = std::any_of(
        element_.parts.begin(), element_.parts.end(),
        [&](const Part& known) { return known.field == field && known.value() == part.value(); });
    if (!there) element_.add(part);
  }
}

void Merge::merge_examples() {
  constexpr std::string_view kSuppress =
      "http://hl7.org/fhir/StructureDefinition/elementdefinition-suppress";
  for (const Part& part : diff_.parts) {
    if (part.field != Field::example || part.node == nullptr) continue;
    const auto same = [&](const Part& known) {
      if (known.field != Field::example) return false;
      const Node* a = known.child("label");
      const Node* b = part.child("label");
      if ((a == nullptr ? std::string_view{} : a->text()) !=
          (b == nullptr ? std::string_view{} : b->text())) {
        return false;
      }
      const Node* x = extension_value(*known.document, known.node);
      const Node* y = extension_value(*part.document, part.node);
      return x == nullptr || y == nullptr ? x == y
                                          : same_value(*known.document, *x, *part.document, *y);
    };
    if (extension_of(*part.document, part.node, kSuppress) != nullptr) {
      const bool all = part.child_text("label") == "$all";
      std::erase_if(element_.parts, [&](const Part& known) {
        return known.field == Field::example && (all || same(known));
      });
    } else if (std::none_of(element_.parts.begin(), element_.parts.end(), same)) {
      element_.add(part);
    }
  }
}

/// Profiles cannot say what is a modifier; definitions of extensions can.
void Merge::merge_modifier() {
  if (diff_.has(Field::is_modifier)) element_.take(Field::is_modifier, diff_);
  if (diff_.has(Field::is_modifier_reason)) element_.take(Field::is_modifier_reason, diff_);
  if (element_.is_true(Field::is_modifier) && !element_.has(Field::is_modifier_reason)) {
    element_.set_text(Field::is_modifier_reason,
                      "Modifier extensions are labelled as such because they modify the meaning or "
                      "interpretation of the resource or element that contains them");
  }
}

void Merge::merge_binding() {
  const Part* stated = diff_.find(Field::binding);
  const Part* known = element_.find(Field::binding);
  if (stated == nullptr) {
    if (known != nullptr) drop_not_inherited(run_, element_);
    return;
  }
  if (known == nullptr || stated->node == nullptr || known->node == nullptr) {
    element_.set(*stated);
    return;
  }
  if (same_part(*stated, *known)) return;
  const std::string_view strength = stated->child_text("strength");
  const std::string_view known_strength = known->child_text("strength");
  if (known_strength == "required" && strength != "required") {
    run_.report(Severity::error, "",
                std::string(diff_.path) + ": the binding is required in the base and cannot be " +
                    (strength.empty() ? std::string("left open") : std::string(strength)),
                &diff_);
  }
  // Field by field; description and extensions are those of the differential alone.
  tree::Document& scratch = run_.store.scratch();
  tree::Builder build(scratch);
  Node* made = build.append(build.root(), build.symbol("binding"));
  if (made == nullptr) return;
  const auto take = [&](const Part& from, std::string_view prefix) {
    bool found = false;
    for (const Node& child : from.node->children()) {
      const std::string_view name = from.document->name(child);
      if (!name.starts_with(prefix)) continue;
      build.copy_into(*made, *from.document, child, build.symbol(name));
      found = true;
    }
    return found;
  };
  take(*stated, "extension");
  if (!take(*stated, "strength")) take(*known, "strength");
  take(*stated, "description");
  // One name in R4; in STU3 a choice.
  const bool one_name = stated->child("valueSet") != nullptr || known->child("valueSet") != nullptr;
  const Part& with_set = one_name && stated->child("valueSet") == nullptr ? *known : *stated;
  if (!take(with_set, "valueSet")) take(*known, "valueSet");
  take(*known, "additional");
  take(*stated, "additional");
  element_.set({Field::binding, &scratch, made});
}

Result<void> Merge::merge_summary() {
  const Part* stated = diff_.find(Field::is_summary);
  const Part* known = element_.find(Field::is_summary);
  if (stated == nullptr) return {};
  if (known != nullptr && stated->value() != known->value()) {
    return run_.fail("Error_in_profile__at__Base_isSummary___derived_isSummary__",
                     std::string(diff_.path) + ": isSummary cannot change (" +
                         std::string(known->value()) + " in the base)",
                     &diff_);
  }
  element_.set(*stated);
  return {};
}

void Merge::merge_mappings() {
  // The differential's first, then what the base has besides.
  std::vector<Part> mappings;
  const auto gather = [&](const Element& from) {
    for (const Part& part : from.parts) {
      if (part.field != Field::mapping) continue;
      const bool there = std::any_of(mappings.begin(), mappings.end(), [&](const Part& known) {
        return known.child_text("identity") == part.child_text("identity") &&
               known.child_text("map") == part.child_text("map");
      });
      if (!there) mappings.push_back(part);
    }
  };
  gather(diff_);
  gather(element_);
  element_.clear(Field::mapping);
  for (const Part& part : mappings) element_.add(part);
}

void Merge::merge_constraints() {
  state_constraint_sources(element_, source_.url);
  for (const Part& part : diff_.parts) {
    if (part.field != Field::constraint) continue;
    const std::string_view key = part.child_text("key");
    const bool there =
        std::any_of(element_.parts.begin(), element_.parts.end(), [&](const Part& known) {
          return known.field == Field::constraint && known.child_text("key") == key;
        });
    if (!there) {
      element_.add(part);
      Part& added = element_.parts.back();
      if (added.child_text("source").empty()) added.text = run_.derived.url;
    }
  }
}

/// Source: hl7.org/fhir/R4/terminologies.html#4.1 (the types that may be bound).
bool Merge::may_be_bound() {
  constexpr std::array<std::string_view, 7> kBound{
      "Coding", "CodeableConcept", "Quantity", "uri", "string", "code", "CodeableReference"};
  constexpr std::string_view kStyle =
      "http://hl7.org/fhir/StructureDefinition/elementdefinition-binding-style";
  constexpr std::string_view kCharacteristics =
      "http://hl7.org/fhir/StructureDefinition/structuredefinition-type-characteristics";
  for (const TypeRef& type : element_.types) {
    if (std::find(kBound.begin(), kBound.end(), type.working) != kBound.end()) return true;
    const Definition* known = run_.store.type(type.working);
    if (known == nullptr) continue;
    if (!known->extensions(kStyle).empty()) return true;
    for (const Node* at : known->extensions(kCharacteristics)) {
      const Node* value = extension_value(*known->document, at);
      if (value != nullptr && value->text() == "can-bind") return true;
    }
  }
  return false;
}

void Merge::check_value(Field field, std::string_view name) {
  const Part* value = element_.find(field);
  if (value == nullptr || value->node == nullptr) return;
  const std::string type = type_of_value(run_.store, *value);
  const bool nested = element_.path.find('.') != std::string_view::npos;
  const bool fits = nested
                        ? std::any_of(element_.types.begin(), element_.types.end(),
                                      [&](const TypeRef& known) { return known.working == type; })
                        : type == source_.type;
  if (!fits) {
    run_.report(Severity::error, "",
                "The " + std::string(name) + " value of " + std::string(element_.path) +
                    " has the type " + in_quotes(type) + "; allowed: " +
                    (nested ? list_types(element_.types) : std::string(source_.type)),
                &diff_);
  }
}

}  // namespace

Result<void> merge_into(Run& run, Element& element, Element& diff, const Definition& source,
                        bool within_slice) {
  return Merge(run, element, diff, source, within_slice).all();
}

void complete_from(Element& element, const Element& base) {
  if (!element.has_slice_name()) element.slice_name = base.slice_name;
  constexpr std::array kTaken{
      Field::label,
      Field::definition,
      Field::short_text,
      Field::comment,
      Field::requirements,
      Field::min,
      Field::max,
      Field::fixed,
      Field::pattern,
      Field::example,
      Field::min_value,
      Field::max_value,
      Field::max_length,
      Field::must_support,
      Field::is_summary,
      Field::is_modifier,
      Field::is_modifier_reason,
      Field::must_have_value,
      Field::binding,
  };
  for (const Field field : kTaken) {
    if (!element.has(field)) element.take(field, base);
  }
  const auto add_unless = [&](Field field, const auto& same) {
    for (const Part& part : base.parts) {
      if (part.field != field) continue;
      const bool there =
          std::any_of(element.parts.begin(), element.parts.end(),
                      [&](const Part& known) { return known.field == field && same(known, part); });
      if (!there) element.add(part);
    }
  };
  const auto by_child = [](std::string_view name) {
    return
        [name](const Part& a, const Part& b) { return a.child_text(name) == b.child_text(name); };
  };
  add_unless(Field::alias, [](const Part& a, const Part& b) { return a.value() == b.value(); });
  add_unless(Field::code, by_child("code"));
  add_unless(Field::constraint, by_child("key"));
  add_unless(Field::extension, by_child("url"));
}

std::string type_of_value(Store& store, const Part& part) {
  const std::string_view name = part.document->name(*part.node);
  const std::string_view ending = name.substr(name_of(part.field).size());
  const std::string small = uncapitalized(ending);
  return is_primitive_type(store, small) ? small : std::string(ending);
}

}  // namespace concord::snapshot
