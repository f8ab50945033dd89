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

bool is_placeholder(std::string_view segment) noexcept {
  return !segment.empty() && segment.front() == '{';
}

/// Whether a segment can stand at a placeholder: names of types begin with a capital, no id begins
/// with $ or _.
bool fits(std::string_view placeholder, std::string_view segment) noexcept {
  if (segment.empty() || segment.front() == '$' || segment.front() == '_') return false;
  return placeholder != "{type}" || (segment.front() >= 'A' && segment.front() <= 'Z');
}

bool leads_to(const std::vector<std::string_view>& pattern,
              std::span<const std::string> segments) noexcept {
  return pattern.size() == segments.size() &&
         std::equal(pattern.begin(), pattern.end(), segments.begin(),
                    [](std::string_view want, const std::string& have) {
                      return is_placeholder(want) ? fits(want, have) : want == have;
                    });
}

/// Whether `a` has a literal segment at the first place where only one of the two has.
bool more_special(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (is_placeholder(a[i]) != is_placeholder(b[i])) return is_placeholder(b[i]);
  }
  return false;
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

std::string Call::raw_query() const {
  std::string all(request.query);
  if (!all.empty() && !form.empty()) all += '&';
  return all += form;
}

EndpointTable EndpointTable::standard(Stored stored) {
  EndpointTable all;
  register_endpoints(all);
  if (stored == Stored::yes) return all;
  EndpointTable table;
  for (const Row& row : all.rows_) {
    if (!row.endpoint->stored) table.add(*row.endpoint, row.handler);
  }
  return table;
}

void EndpointTable::add(const Endpoint& endpoint, EndpointHandler handler) {
  const auto number = static_cast<std::uint32_t>(rows_.size());
  rows_.push_back({&endpoint, handler, cut(endpoint.path)});
  const std::vector<std::string_view>& segments = rows_.back().segments;
  if (by_length_.size() <= segments.size()) by_length_.resize(segments.size() + 1);
  std::vector<std::uint32_t>& same = by_length_[segments.size()];
  const auto at = std::find_if(same.begin(), same.end(), [&](std::uint32_t other) {
    return more_special(segments, rows_[other].segments);
  });
  same.insert(at, number);
}

EndpointTable::Match EndpointTable::match(std::string_view method,
                                          std::span<const std::string> segments) const {
  Match found;
  if (segments.size() >= by_length_.size()) return found;
  for (const std::uint32_t number : by_length_[segments.size()]) {
    const Row& row = rows_[number];
    if (row.endpoint->method != method || !leads_to(row.segments, segments)) continue;
    found.row = &row;
    return found;
  }
  found.methods = methods(segments);
  return found;
}

std::vector<std::string_view> EndpointTable::methods(std::span<const std::string> segments) const {
  std::vector<std::string_view> found;
  if (segments.size() >= by_length_.size()) return found;
  for (const std::uint32_t number : by_length_[segments.size()]) {
    const Row& row = rows_[number];
    if (!leads_to(row.segments, segments)) continue;
    const std::string_view method = row.endpoint->method;
    if (std::find(found.begin(), found.end(), method) == found.end()) found.push_back(method);
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
