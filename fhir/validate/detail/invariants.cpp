#include "fhir/validate/detail/invariants.h"

#include <algorithm>
#include <array>

namespace concord::validate::detail {

namespace {

struct Repair {
  std::string_view key;    ///< empty: whatever the key
  std::string_view wrong;  ///< empty: whatever stands there
  std::string_view right;
};

// Expressions R4 published that do not say what their text says, or that no engine can evaluate.
// Source: the corrections of later releases (jira.hl7.org), fhir-engine page section 2.13.
constexpr std::array kRepairs{
    Repair{"opd-3", "",
           "targetProfile.exists() implies (type = 'Reference' or type = 'canonical' or "
           "type.memberOf('http://hl7.org/fhir/ValueSet/resource-types'))"},
    Repair{"txt-1", "", "htmlChecks() or htmlChecks2().not()"},  // what is empty is for txt-2 to say
    Repair{"txt-2", "", "htmlChecks2()"},
    Repair{"que-7", "", "operator = 'exists' implies (answer is boolean)"},
    Repair{"dom-6", "", "(%rootResource != $this) or text.`div`.exists()"},
    Repair{"", "probability is decimal implies (probability as decimal) <= 100",
           "(probability.exists() and (probability is decimal)) implies "
           "((probability as decimal) <= 100)"},
    Repair{"", "enableWhen.count() > 2 implies enableBehavior.exists()",
           "enableWhen.count() >= 2 implies enableBehavior.exists()"},
    Repair{"", "generated='generated' implies source.empty()",
           "generation='generated' implies source.empty()"},
    Repair{"",
           "reference.startsWith('#').not() or (reference.substring(1).trace('url') in "
           "%rootResource.contained.id.trace('ids'))",
           "reference.exists() implies (reference = '#' or (reference.startsWith('#').not() or "
           "(reference.substring(1) in %rootResource.contained.id)))"},
    Repair{"", "fullUrl.contains('/_history/').not()",
           "fullUrl.exists() implies fullUrl.contains('/_history/').not()"},
    Repair{"", "name.matches('[A-Z]([A-Za-z0-9_]){0,254}')",
           "name.exists() implies name.matches('^[A-Z]([A-Za-z0-9_]){0,254}$')"},
    Repair{"",
           "clinicalStatus.exists() or verificationStatus.coding.where("
           "system='http://terminology.hl7.org/CodeSystem/condition-ver-status' and code = "
           "'entered-in-error').exists() or category.select($this='problem-list-item').empty()",
           "(verificationStatus.coding.where("
           "system='http://terminology.hl7.org/CodeSystem/condition-ver-status' and code = "
           "'entered-in-error').exists() and category.coding.exists("
           "system='http://terminology.hl7.org/CodeSystem/condition-category' and code "
           "='problem-list-item').empty()) implies (clinicalStatus.exists())"},
    Repair{"", "offset.empty() or (when.exists() and ((when in ('C' | 'CM' | 'CD' | 'CV')).not()))",
           "offset.empty() or (when.exists() and when.select($this in ('C' | 'CM' | 'CD' | "
           "'CV')).allFalse())"},
    Repair{"eld-19", "",
           "path.matches('^[^\\\\s\\\\.,:;\\\\\\'\"\\\\/|?!@#$%&*()\\\\[\\\\]{}]{1,64}"
           "(\\\\.[^\\\\s\\\\.,:;\\\\\\'\"\\\\/|?!@#$%&*()\\\\[\\\\]{}]{1,64}"
           "(\\\\[x\\\\])?(\\\\:[^\\\\s\\\\.]+)?)*$')"},
    Repair{"eld-20", "",
           "path.matches('^[A-Za-z][A-Za-z0-9]*(\\\\.[a-z][A-Za-z0-9]*(\\\\[x])?)*$')"},
    Repair{"", "(component.empty() and hasMember.empty()) implies (dataAbsentReason or value)",
           "(component.empty() and hasMember.empty()) implies (dataAbsentReason.exists() or "
           "value.exists())"},
    Repair{"", "isModifier implies isModifierReason.exists()",
           "(isModifier.exists() and isModifier) implies isModifierReason.exists()"},
    Repair{"",
           "(%resource.kind = 'logical' or element.first().path.startsWith(%resource.type)) and "
           "(element.tail().not() or  element.tail().all(path.startsWith("
           "%resource.differential.element.first().path.replaceMatches('\\\\..*','')&'.')))",
           "(%resource.kind = 'logical' or element.first().path.startsWith(%resource.type)) and "
           "(element.tail().empty() or element.tail().all(path.startsWith("
           "%resource.differential.element.first().path.replaceMatches('\\\\..*','')&'.')))"},
    Repair{"", "differential.element.all(id) and differential.element.id.trace('ids').isDistinct()",
           "differential.element.all(id.exists()) and differential.element.id.isDistinct()"},
    Repair{"", "snapshot.element.all(id) and snapshot.element.id.trace('ids').isDistinct()",
           "snapshot.element.all(id.exists()) and snapshot.element.id.isDistinct()"},
};

}  // namespace

std::string repaired(std::string_view key, std::string_view expression) {
  for (const Repair& repair : kRepairs) {
    if (!repair.key.empty() && repair.key != key) continue;
    if (!repair.wrong.empty() && repair.wrong != expression) continue;
    return std::string(repair.right);
  }
  return std::string(expression);
}

Invariants::Invariants(const definitions::Definitions& definitions)
    : definitions_(definitions), functions_(path::FunctionTable::standard()) {}

const CompiledInvariant* Invariants::add(std::string_view key, std::string_view human,
                                         std::string_view expression, bool warning,
                                         bool best_practice) {
  if (expression.empty()) return nullptr;
  std::string name(key);
  name.append(1, '\0').append(expression).append(1, warning ? 'w' : 'e');
  const std::lock_guard lock(growing_);
  if (const auto known = known_.find(name); known != known_.end()) return known->second;
  CompiledInvariant& made = all_.emplace_back();
  made.key = key;
  made.human = human;
  made.expression = repaired(key, expression);
  made.severity = warning ? Severity::warning : Severity::error;
  made.best_practice = best_practice;
  // Rules of their own: contained resources, narratives.
  made.skipped = key == "dom-3" || key == "txt-1" || key == "txt-2";
  made.native = native_invariant(key, expression);
  known_.emplace(std::move(name), &made);
  return &made;
}

const path::Expression* Invariants::expression(const CompiledInvariant& invariant) const {
  if (const auto* ready = invariant.compiled.load(std::memory_order_acquire)) return ready;
  if (invariant.failed.load(std::memory_order_acquire)) return nullptr;
  const std::lock_guard lock(growing_);
  if (const auto* ready = invariant.compiled.load(std::memory_order_acquire)) return ready;
  if (invariant.failed.load(std::memory_order_acquire)) return nullptr;
  path::CompileContext compile{.symbols = definitions_.symbols(), .functions = functions_};
  compile.definitions = &definitions_;
  auto compiled = path::Expression::compile(invariant.expression, compile);
  if (!compiled) {
    invariant.failed.store(true, std::memory_order_release);
    return nullptr;
  }
  invariant.owned = std::make_unique<path::Expression>(*std::move(compiled));
  invariant.compiled.store(invariant.owned.get(), std::memory_order_release);
  return invariant.owned.get();
}

const path::Expression* Invariants::expression(std::string_view text) const {
  const std::lock_guard lock(growing_);
  const auto [at, is_new] = others_.try_emplace(std::string(text));
  if (is_new) {
    path::CompileContext compile{.symbols = definitions_.symbols(), .functions = functions_};
    compile.definitions = &definitions_;
    auto compiled = path::Expression::compile(text, compile);
    if (compiled) at->second = std::make_unique<path::Expression>(*std::move(compiled));
  }
  return at->second.get();
}

}  // namespace concord::validate::detail
