#include "gateway/api/endpoint.h"

#include <algorithm>

#include "gateway/api/endpoints/registry.h"

namespace concord::api {

void register_endpoints(endpoints::Table& table);

namespace {

std::vector<std::string_view> cut(std::string_view path) {
  std::vector<std::string_view> segments;
  path.remove_prefix(1);
  while (true) {
    const std::size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool leads_to(const std::vector<std::string_view>& pattern,
              std::span<const std::string> segments) noexcept {
  return pattern.size() == segments.size() &&
         std::equal(pattern.begin(), pattern.end(), segments.begin(),
                    [](std::string_view want, const std::string& have) {
                      return want.front() == '{' ? !have.empty() : want == have;
                    });
}

}  // namespace

std::string_view Call::path_value(std::string_view name) const noexcept {
  for (const auto& [own, value] : path) {
    if (own == name) return value;
  }
  return {};
}

std::string_view Call::query_value(std::string_view name) const noexcept {
  for (const auto& [own, value] : query) {
    if (own == name) return value;
  }
  return {};
}

EndpointTable EndpointTable::standard() {
  EndpointTable table;
  register_endpoints(table);
  return table;
}

void EndpointTable::add(const Endpoint& endpoint, EndpointHandler handler) {
  rows_.push_back({&endpoint, handler, cut(endpoint.path)});
}

EndpointTable::Match EndpointTable::match(std::string_view method,
                                          std::span<const std::string> segments) const {
  Match found;
  for (const Row& row : rows_) {
    if (!leads_to(row.segments, segments)) continue;
    found.methods.push_back(row.endpoint->method);
    if (row.endpoint->method == method && found.row == nullptr) found.row = &row;
  }
  return found;
}

std::string EndpointTable::describe() const {
  std::string text;
  for (const Row& row : rows_) {
    const Endpoint& endpoint = *row.endpoint;
    text += endpoint.method;
    text += ' ';
    text += endpoint.path;
    text += "\n    ";
    text += endpoint.documentation;
    text += "\n    interaction: ";
    text += endpoint.interaction;
    for (const std::string_view type : endpoint.resources) {
      text += ' ';
      text += type;
    }
    if (!endpoint.operation.empty()) {
      text += " $";
      text += endpoint.operation;
    }
    if (!endpoint.scope.empty()) {
      text += "; scope: ";
      text += endpoint.scope;
    }
    text += "\n\n";
  }
  text +=
      "FHIR calls take and give application/fhir+json and application/fhir+xml (Content-Type,\n"
      "Accept, _format, _pretty); every error is an OperationOutcome. X-Request-ID identifies a\n"
      "message: sent again with the same content it gets the first answer, with other content "
      "409.\n";
  return text;
}

}  // namespace concord::api
