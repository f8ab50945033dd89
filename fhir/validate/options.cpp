#include "fhir/validate/options.h"

#include <array>
#include <utility>

#include "fhir/json/reader.h"

namespace concord::validate {

namespace {

using tree::Document;
using tree::Kind;
using tree::Node;

Error bad(std::string_view name, std::string_view expected) {
  return make_error(ErrorCode::invalid, "must be " + std::string(expected), std::string(name));
}

Result<void> read_flag(std::string_view name, const Node& node, bool& flag) {
  if (node.kind() != Kind::boolean) return bad(name, "true or false");
  flag = node.text() == "true";
  return {};
}

template <typename Enum, std::size_t N>
Result<void> read_word(std::string_view name, const Node& node,
                       const std::array<std::pair<std::string_view, Enum>, N>& words, Enum& value) {
  for (const auto& [word, meaning] : words) {
    if (word == node.text()) {
      value = meaning;
      return {};
    }
  }
  std::string expected = "one of";
  for (const auto& [word, meaning] : words) expected.append(" ").append(word);
  return bad(name, expected);
}

constexpr std::array<std::pair<std::string_view, bool Options::*>, 12> kFlags{{
    {"assumeValidRestReferences", &Options::assume_valid_rest_references},
    {"security-checks", &Options::security_checks},
    {"allow-comments", &Options::allow_comments},
    {"enforceAggregationOutsideBundles", &Options::enforce_aggregation_outside_bundles},
    {"examples", &Options::allow_examples},
    {"noHtmlInMarkdown", &Options::no_html_in_markdown},
    {"for-publication", &Options::for_publication},
    {"noUnicodeBiDiControlChars", &Options::no_unicode_bidi_controls},
    {"noExperimentalContent", &Options::no_experimental_content},
    {"no-experimental-content", &Options::no_experimental_content},
    {"showMessagesFromReferences", &Options::show_messages_from_references},
    {"anyExtensionsAllowed", &Options::anyone_extensions},
}};

constexpr std::array<std::pair<std::string_view, ReferenceCheck>, 5> kReferenceChecks{{
    {"IGNORE", ReferenceCheck::ignore},
    {"CHECK_TYPE_IF_EXISTS", ReferenceCheck::check_type_if_exists},
    {"CHECK_EXISTS", ReferenceCheck::check_exists},
    {"CHECK_EXISTS_AND_TYPE", ReferenceCheck::check_exists_and_type},
    {"CHECK_VALID", ReferenceCheck::check_valid},
}};

constexpr std::array<std::pair<std::string_view, BestPractice>, 6> kBestPractice{{
    {"Ignore", BestPractice::ignore},
    {"ignore", BestPractice::ignore},
    {"hint", BestPractice::hint},
    {"warning", BestPractice::warning},
    {"warn", BestPractice::warning},
    {"error", BestPractice::error},
}};

constexpr std::array<std::pair<std::string_view, RelativeInBundle>, 4> kRelative{{
    {"never", RelativeInBundle::never},
    {"default", RelativeInBundle::never},
    {"strict", RelativeInBundle::strict},
    {"always", RelativeInBundle::always},
}};

constexpr std::array<std::pair<std::string_view, Policy>, 3> kPolicies{{
    {"refuse", Policy::refuse},
    {"warn", Policy::warn},
    {"accept", Policy::accept},
}};

/// "bundle-param": {"rule": …, "profile": …}, or an array of such.
Result<void> read_bundle_rule(const Document& document, const Node& node, Options& options) {
  BundleRule rule;
  for (const Node& member : node.children()) {
    if (document.name(member) == "rule") rule.rule = member.text();
    if (document.name(member) == "profile") rule.profile = member.text();
  }
  if (rule.rule.empty() || rule.profile.empty()) {
    return bad("bundle-param", "an object with rule and profile");
  }
  options.bundle_rules.push_back(std::move(rule));
  return {};
}

/// False for a name that is no switch.
Result<bool> read_switch(const Document& document, const Node& node, Options& options) {
  const std::string_view name = document.name(node);
  for (const auto& [flag, member] : kFlags) {
    if (flag != name) continue;
    CONCORD_TRY(read_flag(name, node, options.*member));
    return true;
  }
  if (name == "validateReference") {
    CONCORD_TRY(read_word(name, node, kReferenceChecks, options.validate_reference));
    return true;
  }
  if (name == "best-practice") {
    CONCORD_TRY(read_word(name, node, kBestPractice, options.best_practice));
    return true;
  }
  if (name == "r5-bundle-relative-reference-policy") {
    CONCORD_TRY(read_word(name, node, kRelative, options.relative_in_bundle));
    return true;
  }
  if (name == "identifiers") {
    Policy policy = Policy::warn;
    CONCORD_TRY(read_word(name, node, kPolicies, policy));
    options.identifiers = IdentifierPolicy::all(policy);
    return true;
  }
  if (name == "unknown-extensions") {
    Policy policy = Policy::refuse;
    CONCORD_TRY(read_word(name, node, kPolicies, policy));
    options.anyone_extensions = policy != Policy::refuse;
    return true;
  }
  if (name == "bundle-param") {
    CONCORD_TRY(read_bundle_rule(document, node, options));
    return true;
  }
  if (name == "allowed-extension-domain" || name == "allowed-extension-domains") {
    options.extension_domains.emplace_back(node.text());
    return true;
  }
  if (name == "language") {
    options.language = node.text();
    return true;
  }
  return false;
}

}  // namespace

std::optional<Policy> policy_from(std::string_view text) {
  for (const auto& [word, policy] : kPolicies) {
    if (word == text) return policy;
  }
  return std::nullopt;
}

Result<Options> read_options(std::string json, Options options, std::vector<std::string>* unknown) {
  const tree::Symbols symbols;
  CONCORD_ASSIGN(const Document document, json::read_plain(std::move(json), symbols));
  for (const Node& node : document.root().children()) {
    CONCORD_ASSIGN(const bool known, read_switch(document, node, options));
    if (!known && unknown != nullptr) unknown->emplace_back(document.name(node));
  }
  return options;
}

}  // namespace concord::validate
