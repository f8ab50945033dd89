// What FHIR adds to FHIRPath: http://hl7.org/fhir/R4/fhirpath.html#functions
// type(): http://hl7.org/fhirpath/#reflection
#include <string>

#include "fhir/definitions/definitions.h"
#include "fhir/path/context.h"
#include "fhir/path/detail/state.h"
#include "fhir/path/detail/types.h"
#include "fhir/path/functions/registry.h"

namespace concord::path {

namespace {

/// extension(url): the extensions with that url, of elements and of primitives alike.
Result<Collection> fn_extension(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto url, context.one_string(args[0], "the url of extension()"));
  Collection found;
  if (!url) return found;
  const auto& names = context.state().names;
  for (const Value& item : input) {
    if (!item.is_node()) continue;
    for (const tree::Node& child : item.node().children()) {
      if (!context.spend()) return context.failure();
      if (child.name() != names.extension) continue;
      const tree::Node* own = child.child(names.url);
      if (own == nullptr || own->text() != *url) continue;
      if (context.reads != nullptr) context.reads->insert(*own);
      if (!found.add(context, Value::of(item.document(), child))) return context.failure();
    }
  }
  return found;
}

Result<Collection> fn_has_value(EvalContext& context, const Collection& input, Args) {
  if (input.size() != 1) return Collection::of(false);
  const Value& item = input.front();
  if (item.is_node() && context.reads != nullptr) context.reads->insert(item.node());
  return Collection::of(!item.is_node() || item.node().has_value());
}

Result<Collection> fn_get_value(EvalContext& context, const Collection& input, Args) {
  if (input.size() != 1) return Collection();
  if (input.front().is_node() && !input.front().node().has_value()) return Collection();
  const auto value = context.system_value(input.front());
  return value ? Collection::of(*value) : Collection();
}

/// resolve(): the targets of References, canonicals and uris; those that cannot be found are left
/// out.
Result<Collection> fn_resolve(EvalContext& context, const Collection& input, Args) {
  const auto& names = context.state().names;
  Collection targets;
  for (const Value& item : input) {
    std::string_view reference;
    if (!item.is_node()) {
      if (item.tag() != Tag::string || context.state().context.empty()) continue;
      reference = item.text();
    } else {
      const tree::Node* written =
          item.node().has_value() ? &item.node() : item.node().child(names.reference);
      if (written == nullptr) continue;
      if (context.reads != nullptr) context.reads->insert(*written);
      reference = written->text();
    }
    const Value& from = item.is_node() ? item : context.state().context.front();
    if (!context.spend(4)) return context.failure();
    const auto target = context.resolve(from, reference);
    if (target && !targets.add(context, *target)) return context.failure();
  }
  if (!context.spend()) return context.failure();
  return targets;
}

/// memberOf(value set): needs a terminology (Hooks::member_of); nothing without one.
Result<Collection> fn_member_of(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto url, context.one_string(args[0], "the value set of memberOf()"));
  if (input.size() > 1) return make_error(ErrorCode::invalid, "memberOf() on several items");
  if (input.empty() || !url || !context.hooks.member_of) return Collection();
  CONCORD_ASSIGN(const auto member, context.hooks.member_of(input.front(), *url));
  return member ? Collection::of(*member) : Collection();
}

/// conformsTo(profile): for the types of FHIR itself whether the item is one; other profiles need a
/// validator (Hooks::conforms_to).
Result<Collection> fn_conforms_to(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto url, context.one_string(args[0], "the profile of conformsTo()"));
  if (input.size() > 1) return make_error(ErrorCode::invalid, "conformsTo() on several items");
  if (input.empty() || !url) return Collection();
  const definitions::Definitions* definitions = context.state().definitions;
  const definitions::Type* wanted = definitions == nullptr ? nullptr : definitions->type(*url);
  if (wanted != nullptr) {
    const definitions::Type* type = definitions->type(context.type_of(input.front()));
    return Collection::of(type != nullptr && type->is(*wanted));
  }
  if (!context.hooks.conforms_to)
    return make_error(ErrorCode::invalid, "conformsTo() of an unknown profile");
  CONCORD_ASSIGN(const bool conforms, context.hooks.conforms_to(input.front(), *url));
  return Collection::of(conforms);
}

Result<Collection> fn_type(EvalContext& context, const Collection& input, Args) {
  Collection types;
  for (const Value& item : input) {
    Value info;
    if (item.is_node()) {
      const tree::Symbol type = context.type_of(item);
      if (type == tree::Symbol::kNone) continue;
      info = context.type_info("FHIR", item.document().text(type));
    } else {
      info = context.type_info("System", detail::system_name(item.tag()));
    }
    if (!types.add(context, info)) return context.failure();
  }
  return types;
}

/// htmlChecks(): the rules of txt-1 and txt-2 that can be told from the text: a div with content,
/// no active elements, no events, no doctype.
Result<Collection> fn_html_checks(EvalContext& context, const Collection& input, Args) {
  if (input.empty()) return Collection();
  CONCORD_ASSIGN(const auto text, context.one_string(input, "the input of htmlChecks()"));
  if (!text) return Collection();
  if (!context.spend(text->size() / 8)) return context.failure();
  std::string lower(*text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  const std::size_t start = lower.find_first_not_of(" \t\r\n");
  if (start == std::string::npos || lower.compare(start, 4, "<div") != 0)
    return Collection::of(false);
  for (const std::string_view refused :
       {"<script", "<form", "<object", "<iframe", "<link", "<base", "<style", "<head", "<body",
        "<frame", "<!doctype", "<!entity", "javascript:", "vbscript:"}) {
    if (lower.find(refused) != std::string::npos) return Collection::of(false);
  }
  // Inside a tag: no attribute that begins with "on". Outside: something to read, or an image.
  bool in_tag = false;
  bool content = lower.find("<img") != std::string::npos;
  char quote = '\0';
  for (std::size_t i = start; i < lower.size(); ++i) {
    const char c = lower[i];
    if (!in_tag) {
      in_tag = c == '<';
      content = content || (!in_tag && static_cast<unsigned char>(c) > ' ');
    } else if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>') {
      in_tag = false;
    } else if ((c == ' ' || c == '\t' || c == '\n' || c == '\r') &&
               lower.compare(i + 1, 2, "on") == 0) {
      return Collection::of(false);
    }
  }
  return Collection::of(content);
}

constexpr FunctionRow kRows[] = {
    {.name = "extension",
     .min = 1,
     .max = 1,
     .handler = &fn_extension,
     .returns = Returns::extensions},
    {.name = "hasValue", .handler = &fn_has_value, .returns = Returns::boolean},
    {.name = "getValue", .handler = &fn_get_value, .returns = Returns::unknown},
    {.name = "resolve", .handler = &fn_resolve},
    {.name = "memberOf", .min = 1, .max = 1, .handler = &fn_member_of, .returns = Returns::boolean},
    {.name = "conformsTo",
     .min = 1,
     .max = 1,
     .handler = &fn_conforms_to,
     .returns = Returns::boolean},
    {.name = "type", .handler = &fn_type, .returns = Returns::type_info},
    {.name = "htmlChecks", .handler = &fn_html_checks, .returns = Returns::boolean},
    {.name = "htmlChecks2", .handler = &fn_html_checks, .returns = Returns::boolean},
};

}  // namespace

void register_fhir(FunctionTable& table) { table.add(kRows); }

}  // namespace concord::path
