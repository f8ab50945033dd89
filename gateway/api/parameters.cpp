#include "gateway/api/parameters.h"

#include <algorithm>
#include <charconv>

#include "fhir/json/reader.h"
#include "fhir/packages/registry.h"
#include "fhir/terminology/terminology.h"
#include "fhir/xml/reader.h"

namespace concord::api {

using terminology::Code;
using tree::Document;
using tree::Node;

namespace {

Error wrong(std::string_view name, std::string_view what) {
  return bad_request("the parameter " + std::string(name) + " must be " + std::string(what),
                     "invalid");
}

}  // namespace

Error bad_request(std::string text, std::string_view issue) {
  Error error = make_error(ErrorCode::malformed, std::move(text), "Parameters.parameter");
  error.issues.front().code = issue;
  return error;
}

Result<Inputs> Inputs::read(Call& call, const Services& use,
                            std::span<const std::string_view> known) {
  CONCORD_ASSIGN(Inputs inputs, read_all(call, use));
  if (known.empty()) return inputs;
  for (const Row& row : inputs.rows_) {
    if (std::find(known.begin(), known.end(), row.name) == known.end()) {
      return bad_request("the operation has no such parameter", "not-supported");
    }
  }
  return inputs;
}

Result<Inputs> Inputs::read_all(Call& call, const Services& use) {
  Inputs inputs;
  for (const auto& [name, value] : call.query) {
    if (!name.starts_with('_')) inputs.rows_.push_back({name, value, nullptr});
  }
  if (call.request.method != "POST" || call.request.body.empty()) {
    inputs.document_ = std::make_unique<Document>(*use.symbols);
    return inputs;
  }
  CONCORD_ASSIGN(const Format format, body_format(call.request));
  auto read = format == Format::xml
                  ? xml::read_fhir(std::move(call.request.body), *use.symbols, use.limits)
                  : json::read(std::move(call.request.body), *use.symbols, use.limits);
  if (!read) return std::move(read).error();
  inputs.document_ = std::make_unique<Document>(*std::move(read));
  const Document& document = *inputs.document_;
  if (document.text(document.root().type()) != "Parameters") {
    return bad_request("the body must be Parameters", "invalid");
  }
  for (const Node* at = inputs.child(document.root(), "parameter"); at != nullptr;
       at = at->next_same()) {
    const Node* name = inputs.child(*at, "name");
    if (name == nullptr) {
      return bad_request("a parameter has no name", "required");
    }
    Row row{name->text(), {}, at};
    for (const Node& value : at->children()) {
      if (!document.name(value).starts_with("value")) continue;
      row.text = value.text();
      row.value = &value;
      break;
    }
    inputs.rows_.push_back(row);
  }
  return inputs;
}

const Node* Inputs::child(const Node& node, std::string_view name) const {
  const tree::Symbol symbol = document_->find(name);
  return symbol == tree::Symbol::kNone ? nullptr : node.child(symbol);
}

const Inputs::Row* Inputs::find(std::string_view name) const {
  for (const Row& row : rows_) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

std::string_view Inputs::text(std::string_view name) const {
  const Row* row = find(name);
  return row == nullptr ? std::string_view{} : row->text;
}

std::vector<std::string> Inputs::all(std::string_view name) const {
  std::vector<std::string> found;
  for (const Row& row : rows_) {
    if (row.name == name && !row.text.empty()) found.emplace_back(row.text);
  }
  return found;
}

Result<bool> Inputs::truth(std::string_view name, bool otherwise) const {
  const std::string_view value = text(name);
  if (value.empty()) return otherwise;
  if (value != "true" && value != "false") return wrong(name, "true or false");
  return value == "true";
}

Result<std::optional<std::size_t>> Inputs::count(std::string_view name) const {
  const std::string_view value = text(name);
  if (value.empty()) return std::optional<std::size_t>{};
  std::size_t number = 0;
  const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (failed != std::errc{} || end != value.data() + value.size()) return wrong(name, "a count");
  return std::optional<std::size_t>{number};
}

std::vector<Code> Inputs::codings_of(const Node& value) const {
  const auto read = [&](const Node& coding) {
    const auto part = [&](std::string_view name) {
      const Node* at = child(coding, name);
      return at == nullptr ? std::string_view{} : at->text();
    };
    return Code{part("system"), part("code"), part("display"), part("version")};
  };
  std::vector<Code> found;
  if (document_->name(value) == "valueCodeableConcept") {
    for (const Node* at = child(value, "coding"); at != nullptr; at = at->next_same()) {
      found.push_back(read(*at));
    }
  } else if (value.has_value()) {
    found.push_back({{}, value.text(), {}, {}});
  } else {
    found.push_back(read(value));
  }
  return found;
}

std::vector<Code> Inputs::codings(std::string_view name) const {
  const Row* row = find(name);
  if (row == nullptr) return {};
  if (row->value != nullptr) return codings_of(*row->value);
  // "system|code", as a token in a query.
  const std::size_t bar = row->text.find('|');
  if (bar == std::string_view::npos) return {{{}, row->text, {}, {}}};
  return {{row->text.substr(0, bar), row->text.substr(bar + 1), {}, {}}};
}

const Node* Inputs::resource(std::string_view name) const {
  const Row* row = find(name);
  if (row == nullptr || row->value == nullptr) return nullptr;
  const Node* found = child(*row->value, "resource");
  return found != nullptr && found->is(tree::Flag::resource) ? found : nullptr;
}

std::vector<std::vector<Inputs::Part>> Inputs::parts(std::string_view name) const {
  std::vector<std::vector<Part>> found;
  for (const Row& row : rows_) {
    if (row.name != name || row.value == nullptr) continue;
    std::vector<Part>& list = found.emplace_back();
    for (const Node* at = child(*row.value, "part"); at != nullptr; at = at->next_same()) {
      const Node* own = child(*at, "name");
      if (own == nullptr) continue;
      Part part{own->text(), {}};
      for (const Node& value : at->children()) {
        if (document_->name(value).starts_with("value")) part.codings = codings_of(value);
      }
      list.push_back(std::move(part));
    }
  }
  return found;
}

void Outputs::coding(Node& parent, std::string_view name, std::string_view system,
                     std::string_view version, std::string_view code, std::string_view display) {
  Node& value = out_.element(part(parent, name), "valueCoding");
  out_.text(value, "system", system);
  out_.text(value, "version", version);
  out_.text(value, "code", code);
  out_.text(value, "display", display);
}

Result<std::string> canonical_of(std::string_view resource_type, std::string_view id,
                                 const Services& use) {
  const packages::Registry& registry = use.terminology->registry();
  for (const packages::Entry* entry : registry.all(resource_type)) {
    if (entry->id != id || entry->url.empty()) continue;
    std::string canonical(entry->url);
    if (!entry->version.empty()) canonical.append("|").append(entry->version);
    return canonical;
  }
  // Those of R4 end in their id.
  for (const std::string_view base : {"http://hl7.org/fhir/", "http://terminology.hl7.org/"}) {
    for (const bool typed : {true, false}) {
      std::string url(base);
      if (typed) url.append(resource_type).append("/");
      url.append(id);
      const bool there = resource_type == "ValueSet" ? static_cast<bool>(registry.value_set(url))
                         : resource_type == "CodeSystem"
                             ? static_cast<bool>(registry.code_system(url))
                             : static_cast<bool>(registry.concept_map(url));
      if (there) return url;
    }
  }
  return make_error(ErrorCode::not_found,
                    "there is no " + std::string(resource_type) + " with this id");
}

}  // namespace concord::api
