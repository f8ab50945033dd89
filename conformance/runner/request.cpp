#include "conformance/runner/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "conformance/runner/detail/members.h"
#include "fhir/core/digest.h"

namespace concord::runner {

namespace {

using Shape = OperationRow::Shape;

constexpr OperationRow kRows[] = {
    {"read", "GET", Shape::instance, "read"},
    {"vread", "GET", Shape::version, "vread"},
    {"update", "PUT", Shape::instance, "update"},
    {"updateCreate", "PUT", Shape::instance, "update"},
    {"patch", "PATCH", Shape::instance, "patch"},
    {"delete", "DELETE", Shape::instance, "delete"},
    {"deleteCondSingle", "DELETE", Shape::type, "delete"},
    {"deleteCondMultiple", "DELETE", Shape::type, "delete"},
    {"history", "GET", Shape::history, "history-instance"},
    {"create", "POST", Shape::type, "create"},
    {"search", "GET", Shape::type, "search-type"},
    {"batch", "POST", Shape::system, "batch"},
    {"transaction", "POST", Shape::system, "transaction"},
    {"capabilities", "GET", Shape::metadata, "capabilities"},
    {"apply", "GET", Shape::operation, ""},
    {"closure", "POST", Shape::operation, ""},
    {"find-matches", "GET", Shape::operation, ""},
    {"conforms", "GET", Shape::operation, ""},
    {"data-requirements", "GET", Shape::operation, ""},
    {"document", "GET", Shape::operation, ""},
    {"evaluate", "GET", Shape::operation, ""},
    {"evaluate-measure", "GET", Shape::operation, ""},
    {"everything", "GET", Shape::operation, ""},
    {"expand", "GET", Shape::operation, ""},
    {"find", "GET", Shape::operation, ""},
    {"graphql", "GET", Shape::operation, ""},
    {"implements", "GET", Shape::operation, ""},
    {"lastn", "GET", Shape::operation, ""},
    {"lookup", "GET", Shape::operation, ""},
    {"match", "POST", Shape::operation, ""},
    {"meta", "GET", Shape::operation, ""},
    {"meta-add", "POST", Shape::operation, ""},
    {"meta-delete", "POST", Shape::operation, ""},
    {"populate", "GET", Shape::operation, ""},
    {"populatehtml", "GET", Shape::operation, ""},
    {"populatelink", "GET", Shape::operation, ""},
    {"process-message", "POST", Shape::operation, ""},
    {"questionnaire", "GET", Shape::operation, ""},
    {"stats", "GET", Shape::operation, ""},
    {"subset", "GET", Shape::operation, ""},
    {"subsumes", "GET", Shape::operation, ""},
    {"transform", "POST", Shape::operation, ""},
    {"translate", "GET", Shape::operation, ""},
    {"validate", "POST", Shape::operation, ""},
    {"validate-code", "GET", Shape::operation, ""},
};
constexpr OperationRow kNamed{"", "GET", Shape::operation, ""};

std::string upper(std::string_view text) {
  std::string made(text);
  std::transform(made.begin(), made.end(), made.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return made;
}

bool absolute(std::string_view url) {
  return url.starts_with("http://") || url.starts_with("https://");
}

/// Where an existing resource stands, from a target fixture or response.
struct Target {
  std::string type, id, version;
};

/// "http://host/base/Patient/1/_history/2" → Patient, 1, 2.
Target target_of_location(std::string_view location) {
  if (const auto query = location.find_first_of("?#"); query != std::string_view::npos) {
    location = location.substr(0, query);
  }
  std::vector<std::string_view> parts;
  while (!location.empty()) {
    const auto slash = location.rfind('/');
    parts.push_back(location.substr(slash == std::string_view::npos ? 0 : slash + 1));
    location = slash == std::string_view::npos ? std::string_view{} : location.substr(0, slash);
  }
  Target target;
  if (parts.size() >= 4 && parts[1] == "_history") {
    target.version = parts[0];
    parts.erase(parts.begin(), parts.begin() + 2);
  }
  if (parts.size() >= 2) {
    target.id = parts[0];
    target.type = parts[1];
  }
  return target;
}

class Preparing {
 public:
  Preparing(const Operation& operation, Session& session)
      : operation_(operation), session_(session), row_(operation_row(operation.type)) {}

  Result<Prepared> run() {
    CONCORD_TRY(choose_server());
    CONCORD_TRY(read_source());
    CONCORD_TRY(read_target());
    CONCORD_ASSIGN(params_, session_.substitute(operation_.params, Into::query));
    CONCORD_ASSIGN(const std::string resource, session_.substitute(operation_.resource));
    made_.type = resource;
    made_.request.method = operation_.method.empty() ? method() : upper(operation_.method);
    CONCORD_ASSIGN(std::string url, address());
    CONCORD_TRY(finish(std::move(url)));
    return std::move(made_);
  }

 private:
  Result<void> choose_server() {
    made_.destination = operation_.destination.value_or(1);
    const auto& servers = session_.settings().servers;
    if (made_.destination < 1 || static_cast<std::size_t>(made_.destination) > servers.size()) {
      return make_error(ErrorCode::not_found,
                        fmt::format("there is no server for destination {}; give one more --server",
                                    made_.destination));
    }
    base_ = servers[static_cast<std::size_t>(made_.destination) - 1];
    return {};
  }

  Result<void> read_source() {
    const std::string& id = operation_.source_id;
    if (id.empty()) return {};
    has_source_ = true;
    if (const Fixture* const fixture = session_.fixture(id)) {
      CONCORD_ASSIGN(body_, session_.fixture_text(*fixture));
      made_.fixture = id;
    } else if (const Exchange* const response = session_.response(id)) {
      body_ = response->response.body;
    } else {
      return make_error(ErrorCode::not_found, "no fixture or response has the id " + id);
    }
    const auto document = session_.source(id);
    if (!document) return {};  // sent as it is: many are wrong on purpose
    source_type_ = resource_type(**document);
    source_id_ = root_text(**document, "id");
    if (row_.interaction == "patch" && source_type_ == "Binary") {
      // A JSON Patch is no resource: scripts carry it in a Binary.
      auto bytes = base64_decode(root_text(**document, "data"));
      if (bytes) {
        body_ = *std::move(bytes);
        source_content_type_ = root_text(**document, "contentType");
      }
    }
    return {};
  }

  Result<void> read_target() {
    const std::string& id = operation_.target_id;
    if (id.empty()) return {};
    if (const auto document = session_.source(id)) {
      target_.type = resource_type(**document);
      target_.id = root_text(**document, "id");
      const detail::Members members(**document);
      if (const auto* meta = members.child((*document)->root(), "meta")) {
        target_.version = members.text(*meta, "versionId");
      }
    } else if (session_.fixture(id) != nullptr) {
      return std::move(document).error();
    }
    if (session_.fixture(id) == nullptr) {
      if (const Exchange* const response = session_.response(id)) {
        if (target_.id.empty() || target_.type == "OperationOutcome") {
          if (const auto location = header(response->response.headers, "Location")) {
            target_ = target_of_location(*location);
          }
        }
      }
    } else if (const std::string given = session_.server_id(id); !given.empty()) {
      target_.id = given;
    }
    if (target_.id.empty()) {
      return make_error(ErrorCode::not_found, "the target " + id + " has no id");
    }
    return {};
  }

  std::string method() const {
    if (row_.shape != Shape::operation) return std::string(row_.method);
    return has_source_ ? "POST" : std::string(row_.method);
  }

  /// Type/id and what follows, for those kinds that name an instance.
  Result<std::string> instance() {
    if (made_.type.empty()) made_.type = target_.type.empty() ? source_type_ : target_.type;
    if (made_.type.empty()) {
      return make_error(ErrorCode::invalid, "the operation names no resource type");
    }
    if (!params_.empty()) return made_.type + params_;
    if (!target_.id.empty()) return made_.type + "/" + target_.id;
    // An update without address goes where its resource says; a conditional one has params.
    const bool body_names_it = row_.interaction == "update";
    if (body_names_it && !source_id_.empty()) return made_.type + "/" + source_id_;
    return made_.type;
  }

  Result<std::string> address() {
    if (!operation_.url.empty()) {
      CONCORD_ASSIGN(std::string url, session_.substitute(operation_.url, Into::query));
      if (!params_.empty() && url.find('?') == std::string::npos) url += params_;
      note_what(url);
      return url;
    }
    const bool posted_search = row_.code == "search" && made_.request.method == "POST";
    switch (row_.shape) {
      case Shape::metadata:
        made_.interaction = "capabilities";
        return "metadata" + params_;
      case Shape::system:
        made_.interaction = row_.interaction;
        return params_;
      case Shape::instance: {
        CONCORD_ASSIGN(std::string path, instance());
        made_.interaction = row_.interaction;
        return path;
      }
      case Shape::version: {
        CONCORD_ASSIGN(std::string path, instance());
        made_.interaction = row_.interaction;
        if (path.find("_history") == std::string::npos && !target_.version.empty()) {
          path += "/_history/" + target_.version;
        }
        return path;
      }
      case Shape::history: {
        if (made_.type.empty()) made_.type = target_.type;
        std::string path = made_.type;
        if (!target_.id.empty()) path += "/" + target_.id;
        const bool named = params_.find("_history") != std::string::npos;
        const bool query = params_.empty() || params_.front() == '?';
        if (named) {
          path += params_;
        } else if (query) {
          path += (path.empty() ? "_history" : "/_history") + params_;
        } else {
          const auto mark = std::min(params_.find('?'), params_.size());
          path += params_.substr(0, mark) + "/_history" + params_.substr(mark);
        }
        made_.interaction = made_.type.empty()                         ? "history-system"
                            : path.find('/') == path.find("/_history") ? "history-type"
                                                                       : "history-instance";
        return path;
      }
      case Shape::type: {
        if (made_.type.empty() && row_.code != "search") made_.type = source_type_;
        made_.interaction = made_.type.empty() ? "search-system" : std::string(row_.interaction);
        if (made_.type.empty() && row_.code != "search") {
          return make_error(ErrorCode::invalid, "the operation names no resource type");
        }
        if (!posted_search) return made_.type + params_;
        if (!has_source_) {
          const auto query = params_.find('?');
          body_ = query == std::string::npos ? params_ : params_.substr(query + 1);
          form_ = true;
          params_.clear();
        }
        return made_.type.empty() ? std::string("_search") : made_.type + "/_search";
      }
      case Shape::operation:
        break;
    }
    return named_operation();
  }

  Result<std::string> named_operation() {
    const std::string name = "$" + operation_.type;
    made_.interaction = name;
    if (made_.type.empty()) made_.type = target_.type;
    std::string path = made_.type;
    if (!target_.id.empty()) path += "/" + target_.id;
    if (params_.find('$') != std::string::npos) return path + params_;
    const auto mark = std::min(params_.find('?'), params_.size());
    path += params_.substr(0, mark);
    if (!path.empty() && !path.ends_with('/')) path += '/';
    return path + name + params_.substr(mark);
  }

  /// Reads type and interaction off an address a script wrote itself.
  void note_what(std::string_view url) {
    if (url.starts_with(base_)) url.remove_prefix(base_.size());
    while (url.starts_with('/')) url.remove_prefix(1);
    const auto end = std::min(url.find('?'), url.size());
    std::string_view path = url.substr(0, end);
    const auto slash = std::min(path.find('/'), path.size());
    const std::string_view first = path.substr(0, slash);
    if (made_.type.empty() && !first.empty() && first.front() >= 'A' && first.front() <= 'Z') {
      made_.type = first;
    }
    if (row_.shape == Shape::operation) {
      made_.interaction = "$" + operation_.type;
    } else if (row_.shape == Shape::history) {
      made_.interaction = first == "_history"                 ? "history-system"
                          : path.substr(slash) == "/_history" ? "history-type"
                                                              : "history-instance";
    } else {
      made_.interaction = row_.interaction;
    }
  }

  Result<void> finish(std::string url) {
    if (!absolute(url)) {
      while (url.starts_with('/')) url.erase(0, 1);
      url = url.empty() ? base_ : url.front() == '?' ? base_ + url : base_ + "/" + url;
    }
    const auto& servers = session_.settings().servers;
    const bool ours = std::any_of(servers.begin(), servers.end(), [&](const std::string& server) {
      return url == server || url.starts_with(server + "/") || url.starts_with(server + "?");
    });
    if (!ours && !session_.settings().allow_remote) {
      return make_error(ErrorCode::forbidden,
                        "the address leads away from the servers; --allow-remote lets it");
    }
    made_.request.url = operation_.encode_url ? encode_url(url) : url;
    if (!operation_.encode_url) {
      // Left as written, but for what would end the request line.
      std::string kept;
      for (const char c : made_.request.url)
        kept += c == ' ' ? std::string("%20") : std::string(1, c);
      made_.request.url = kept;
    }

    if (ours) {
      for (const HeaderLine& line : session_.settings().headers) set_header(line);
    }
    CONCORD_ASSIGN(const std::string accept, session_.substitute(operation_.accept));
    if (accept != "none")
      set_header({"Accept", accept.empty() ? "application/fhir+json" : mime_type(accept)});
    if (has_source_ || form_) {
      CONCORD_ASSIGN(std::string type, session_.substitute(operation_.content_type));
      if (type.empty()) {
        type = form_                           ? "application/x-www-form-urlencoded"
               : !source_content_type_.empty() ? source_content_type_
               : body_is_xml()                 ? "application/fhir+xml"
                                               : "application/fhir+json";
      }
      if (type != "none") set_header({"Content-Type", mime_type(type)});
      made_.request.body = std::move(body_);
    } else if (!operation_.content_type.empty()) {
      CONCORD_ASSIGN(const std::string type, session_.substitute(operation_.content_type));
      if (type != "none") set_header({"Content-Type", mime_type(type)});
    }
    for (const HeaderLine& line : operation_.headers) {
      CONCORD_ASSIGN(std::string field, session_.substitute(line.field));
      CONCORD_ASSIGN(std::string value, session_.substitute(line.value));
      std::erase_if(value, [](char c) { return c == '\r' || c == '\n'; });
      set_header({std::move(field), std::move(value)});
    }
    return {};
  }

  bool body_is_xml() const {
    const auto first = body_.find_first_not_of(" \t\r\n");
    return first != std::string::npos && body_[first] == '<';
  }

  void set_header(HeaderLine line) {
    for (HeaderLine& given : made_.request.headers) {
      if (upper(given.field) == upper(line.field)) {
        given.value = std::move(line.value);
        return;
      }
    }
    made_.request.headers.push_back(std::move(line));
  }

  const Operation& operation_;
  Session& session_;
  const OperationRow& row_;
  Prepared made_;
  std::string base_, params_, body_, source_type_, source_id_, source_content_type_;
  Target target_;
  bool has_source_ = false, form_ = false;
};

}  // namespace

std::span<const OperationRow> operation_rows() { return kRows; }

const OperationRow& operation_row(std::string_view code) {
  for (const OperationRow& row : kRows) {
    if (row.code == code) return row;
  }
  return kNamed;
}

Result<Prepared> prepare(const Operation& operation, Session& session) {
  return Preparing(operation, session).run();
}

std::string mime_type(std::string_view code) {
  if (code == "json") return "application/fhir+json";
  if (code == "xml") return "application/fhir+xml";
  if (code == "ttl") return "text/turtle";
  if (code == "none") return {};
  return std::string(code);
}

std::string encode_url(std::string_view url) {
  constexpr std::string_view kStays = "-._~:/?#[]@!$&'()*+,;=%";
  std::string made;
  for (const char c : url) {
    const bool letter = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (letter || kStays.find(c) != std::string_view::npos) {
      made += c;
    } else {
      made += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return made;
}

}  // namespace concord::runner
