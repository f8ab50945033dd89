// $dose-to-text of the national EPS API: structured dosages as English text. eps.md section 20.
#include "fhir/dosage/dosage.h"
#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/tree/builder.h"
#include "fhir/xml/reader.h"
#include "gateway/api/api.h"
#include "gateway/api/endpoints/registry.h"

namespace concord::api {
namespace {

using tree::Node;

constexpr Endpoint kEndpoint{
    .interaction = "operation",
    .method = "POST",
    .path = "/FHIR/R4/$dose-to-text",
    .scope = "message.read",
    .documentation =
        "The dosages of a MedicationRequest or MedicationDispense, or of all in a Bundle "
        "(requests, "
        "then dispenses), as text: a JSON list of identifier and dosageInstructionText, or one "
        "line each with Accept: text/plain.",
    .operation = "dose-to-text",
    .definition = "https://concord.example/OperationDefinition/dose-to-text",
    .also_writes = "text/plain"};

const Node* child(const tree::Document& document, const Node& node, std::string_view name) {
  const tree::Symbol symbol = document.find(name);
  return symbol == tree::Symbol::kNone ? nullptr : node.child(symbol);
}

/// The resources with dosages: the root, or those of the type among a Bundle's entries.
void collect(const tree::Document& document, std::string_view type,
             std::vector<const Node*>& found) {
  const Node& root = document.root();
  if (document.text(root.type()) == type) found.push_back(&root);
  if (document.text(root.type()) != "Bundle") return;
  for (const Node* entry = child(document, root, "entry"); entry != nullptr;
       entry = entry->next_same()) {
    const Node* resource = child(document, *entry, "resource");
    if (resource != nullptr && document.text(resource->type()) == type) found.push_back(resource);
  }
}

/// One row of the answer. False when the document is full.
bool add_row(tree::Builder& builder, const tree::Document& read, const Node& resource,
             std::string_view text) {
  Node* row = builder.append(builder.root(), builder.symbol("row"));
  if (row == nullptr) return false;
  for (const Node* identifier = child(read, resource, "identifier"); identifier != nullptr;
       identifier = identifier->next_same()) {
    if (builder.copy_into(*row, read, *identifier, builder.symbol("identifier")) == nullptr) {
      return false;
    }
  }
  Node* said = builder.append(*row, builder.symbol("dosageInstructionText"), tree::Kind::string);
  if (said == nullptr) return false;
  builder.set_copy(*said, text);
  return true;
}

Result<http::Response> dose_to_text(Call& call, const Services& use) {
  CONCORD_ASSIGN(const Format format, body_format(call.request));
  std::string body = std::move(call.request.body);
  CONCORD_ASSIGN(const tree::Document read, format == Format::xml
                                                ? xml::read_fhir(std::move(body), *use.symbols)
                                                : json::read(std::move(body), *use.symbols));
  std::vector<const Node*> resources;
  collect(read, "MedicationRequest", resources);
  collect(read, "MedicationDispense", resources);
  if (resources.empty() && read.text(read.root().type()) != "Bundle") {
    return make_error(ErrorCode::unsupported,
                      "dosages are told of a Bundle, a MedicationRequest or a MedicationDispense");
  }
  std::string lines;
  tree::Document rows(*use.symbols);
  tree::Builder builder(rows);
  for (const Node* resource : resources) {
    CONCORD_ASSIGN(const std::string text, dosage::resource_to_text(read, *resource));
    lines += text + '\n';
    if (!add_row(builder, read, *resource, text)) {
      return make_error(ErrorCode::too_long, "the answer is longer than its limit");
    }
  }
  http::Response response;
  response.status = 200;
  if (call.request.joined_field("accept").starts_with("text/plain")) {
    response.header("Content-Type", "text/plain; charset=utf-8");
    response.body = std::move(lines);
    return response;
  }
  std::string list = "[";
  for (const Node& row : rows.root().children()) {
    CONCORD_ASSIGN(const std::string written, json::write(rows, row));
    if (list.size() > 1) list += ',';
    list += written;
  }
  response.header("Content-Type", "application/json");
  response.body = list + ']';
  return response;
}

}  // namespace

void register_dose_to_text(endpoints::Table& table) { table.add(kEndpoint, &dose_to_text); }

}  // namespace concord::api
