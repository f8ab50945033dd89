#include "gateway/api/page.h"

#include <algorithm>

#include "fhir/core/digest.h"
#include "fhir/json/reader.h"
#include "gateway/api/html_json.h"
#include "gateway/api/html_text.h"
#include "gateway/api/stored.h"
#include "gateway/api/summary_line.h"

namespace concord::api {
namespace {

using tree::Document;
using tree::Node;

constexpr std::string_view kStyle =
    ":root{color-scheme:light dark}"
    "body{font:15px/1.45 system-ui,sans-serif;margin:0 auto;max-width:75rem;padding:1rem}"
    "h1{font-size:1.3rem;margin:.6rem 0}"
    "nav a,nav span{margin-right:.9rem}"
    "pre{font:13px/1.4 ui-monospace,monospace;overflow-x:auto;white-space:pre-wrap;"
    "overflow-wrap:anywhere;border:1px solid #8888;padding:.7rem}"
    "b{font-weight:600}i{opacity:.7}"
    "table{border-collapse:collapse;width:100%}"
    "td,th{text-align:left;padding:.25rem .8rem .25rem 0;border-bottom:1px solid #8884;"
    "vertical-align:top}"
    ".error{border-left:4px solid #c22;padding-left:.7rem}";
constexpr std::size_t kMostEntries = 1000;
constexpr std::size_t kMostVersions = 10;

const Node* child(const Document& document, const Node& node, std::string_view name) {
  const tree::Symbol symbol = document.find(name);
  return symbol == tree::Symbol::kNone ? nullptr : node.child(symbol);
}

std::string_view text_of(const Document& document, const Node* node, std::string_view name) {
  if (node == nullptr) return {};
  const Node* at = child(document, *node, name);
  return at == nullptr ? std::string_view{} : at->text();
}

/// "1" or "17": a version as this server writes it; 0: another text.
std::int64_t version_of(std::string_view text) noexcept {
  if (text.empty() || text.size() > 15) return 0;
  std::int64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return 0;
    number = number * 10 + (c - '0');
  }
  return number;
}

/// The page as far as its navigation.
std::string page_head(std::string_view title) {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\"><title>";
  append_html(out, title);
  out += " · Concord</title><style>";
  out += kStyle;
  return out += "</style></head><body>\n<nav>";
}

constexpr std::string_view kPageEnd = "</body></html>\n";

class Page {
 public:
  Page(const http::Request& request, const Services& use, const Document& document)
      : request_(request), use_(use), document_(document), base_(base_of(request, use)) {}

  std::string written(int status) {
    const Node& root = document_.root();
    const std::string_view type = document_.text(root.type());
    const std::string_view id = text_of(document_, &root, "id");
    const bool stored = status == 200 && !id.empty() && is_id(id) && serves(type);
    std::string title(type);
    if (stored) title.append("/").append(id);
    out_ = page_head(title);
    if (use_.resources != nullptr) link("/metadata", "Concord FHIR R4");
    as_format("json", "JSON");
    as_format("xml", "XML");
    out_ += "</nav>\n<h1>";
    append_html(out_, title);
    if (status != 200) out_ += " · " + std::to_string(status);
    out_ += "</h1>\n";
    if (stored) versions(root, type, id);
    if (type == "OperationOutcome") issues(root);
    if (type == "Bundle") bundle(root);
    out_ += "<pre>";
    const bool whole = append_html_json(out_, document_, root,
                                        [this](std::string_view text) { return address_of(text); });
    out_ += "</pre>\n";
    if (!whole) out_ += "<p>The rest is left out here: see JSON.</p>\n";
    out_ += kPageEnd;
    return std::move(out_);
  }

 private:
  bool serves(std::string_view type) const {
    return use_.resources != nullptr && use_.resources->serves(type);
  }

  /// `path` is below the base and of this program's own making, or was looked at by address_of().
  void link(std::string_view path, std::string_view text) {
    out_ += "<a href=\"";
    append_html(out_, base_);
    append_html(out_, path);
    out_ += "\">";
    append_html(out_, text);
    out_ += "</a>";
  }

  /// This address in another format: `_format` in the place of one that is there.
  void as_format(std::string_view format, std::string_view text) {
    std::string query;
    std::string_view rest = request_.query;
    while (!rest.empty()) {
      const std::size_t end = rest.find('&');
      const std::string_view pair = rest.substr(0, end);
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      if (pair.empty() || pair.substr(0, pair.find('=')) == "_format") continue;
      query.append(pair).append("&");
    }
    query.append("_format=").append(format);
    out_ += "<a href=\"?";
    append_html(out_, query);
    out_ += "\">";
    out_ += text;
    out_ += "</a>";
  }

  /// "Patient/1", with "/_history/2" or without, of a type that is served: nothing else.
  bool is_relative(std::string_view text) const {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos || !serves(text.substr(0, slash))) return false;
    std::string_view id = text.substr(slash + 1);
    if (const std::size_t more = id.find('/'); more != std::string_view::npos) {
      const std::string_view history = id.substr(more);
      if (!history.starts_with("/_history/") || !is_id(history.substr(10))) return false;
      id = id.substr(0, more);
    }
    return is_id(id);
  }

  std::string address_of(std::string_view text) const {
    if (text.empty() || text.size() > 2000) return {};
    if (is_relative(text)) return base_ + "/" + std::string(text);
    const bool own = text.size() > base_.size() + 1 && text.starts_with(base_) &&
                     (text[base_.size()] == '/' || text[base_.size()] == '?');
    if (!own) return {};
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
      return c > ' ' && c != '"' && c != '<' && c != '>' && c != '\\' && c != '`' && c != 0x7f;
    });
    return plain ? std::string(text) : std::string();
  }

  void versions(const Node& root, std::string_view type, std::string_view id) {
    const Node* meta = child(document_, root, "meta");
    const std::int64_t now = version_of(text_of(document_, meta, "versionId"));
    const std::string path = "/" + std::string(type) + "/" + std::string(id);
    out_ += "<nav>";
    if (now > 0) {
      out_ += "<span>version " + std::to_string(now) + " of ";
      append_html(out_, text_of(document_, meta, "lastUpdated"));
      out_ += "</span>";
    }
    link(path, "current");
    const std::int64_t first =
        std::max<std::int64_t>(1, now - static_cast<std::int64_t>(kMostVersions));
    for (std::int64_t at = now - 1; at >= first; --at) {
      link(path + "/_history/" + std::to_string(at), std::to_string(at));
    }
    link(path + "/_history", "history");
    link("/" + std::string(type), "all " + std::string(type));
    if (type == "Patient") link(path + "/$everything", "everything");
    out_ += "</nav>\n";
  }

  void issues(const Node& root) {
    for (const Node* at = child(document_, root, "issue"); at != nullptr; at = at->next_same()) {
      out_ += "<p class=\"error\">";
      append_html(out_, text_of(document_, at, "severity"));
      out_ += " · ";
      append_html(out_, text_of(document_, at, "code"));
      out_ += "<br>";
      append_html(out_, text_of(document_, child(document_, *at, "details"), "text"));
      const Node* expression = child(document_, *at, "expression");
      if (expression != nullptr) {
        out_ += "<br><i>";
        append_html(out_, expression->text());
        out_ += "</i>";
      }
      out_ += "</p>\n";
    }
  }

  void bundle(const Node& root) {
    out_ += "<nav>";
    const std::string_view total = text_of(document_, &root, "total");
    if (!total.empty()) {
      out_ += "<span>total ";
      append_html(out_, total);
      out_ += "</span>";
    }
    for (const Node* at = child(document_, root, "link"); at != nullptr; at = at->next_same()) {
      const std::string_view relation = text_of(document_, at, "relation");
      const std::string address = address_of(text_of(document_, at, "url"));
      if (address.empty() || relation == "self") continue;
      out_ += "<a href=\"";
      append_html(out_, address);
      out_ += "\">";
      append_html(out_, relation);
      out_ += "</a>";
    }
    out_ += "</nav>\n<table><tr><th>resource</th><th>last change</th><th>what</th></tr>\n";
    std::size_t shown = 0;
    for (const Node* at = child(document_, root, "entry"); at != nullptr && shown < kMostEntries;
         at = at->next_same(), ++shown) {
      entry(*at);
    }
    out_ += "</table>\n";
  }

  void entry(const Node& entry) {
    const Node* resource = child(document_, entry, "resource");
    const Node* response = child(document_, entry, "response");
    const Node* request = child(document_, entry, "request");
    std::string name;
    std::string_view changed = text_of(document_, response, "lastModified");
    std::string what;
    if (resource != nullptr && resource->is(tree::Flag::resource)) {
      const Node* meta = child(document_, *resource, "meta");
      name = document_.text(resource->type());
      const std::string_view id = text_of(document_, resource, "id");
      if (!id.empty()) name.append("/").append(id);
      if (response != nullptr && is_relative(name)) {
        const std::string_view version = text_of(document_, meta, "versionId");
        if (version_of(version) > 0) name.append("/_history/").append(version);
      }
      if (const std::string_view at = text_of(document_, meta, "lastUpdated"); !at.empty()) {
        changed = at;
      }
      what = summary_line(document_, *resource);
    } else if (request != nullptr) {
      name = text_of(document_, request, "url");
    }
    if (request != nullptr) {
      what =
          std::string(text_of(document_, request, "method")) + (what.empty() ? "" : " · ") + what;
    }
    if (response != nullptr) {
      what =
          std::string(text_of(document_, response, "status")) + (what.empty() ? "" : " · ") + what;
    }
    out_ += "<tr><td>";
    if (is_relative(name)) {
      link("/" + name, name);
    } else {
      append_html(out_, name);
    }
    out_ += "</td><td>";
    append_html(out_, changed);
    out_ += "</td><td>";
    append_html(out_, what);
    out_ += "</td></tr>\n";
  }

  const http::Request& request_;
  const Services& use_;
  const Document& document_;
  const std::string base_;
  std::string out_;
};

}  // namespace

std::string page_of(std::string_view title, std::string_view nav, std::string_view body) {
  std::string out = page_head(title);
  out.append(nav).append("</nav>\n<h1>");
  append_html(out, title);
  out.append("</h1>\n").append(body);
  return out.append(kPageEnd);
}

std::string page_policy() {
  const Sha256 digest = sha256(kStyle);
  const std::string hash =
      base64_encode(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
  return "default-src 'none'; style-src 'sha256-" + hash +
         "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

void show_as_page(http::Response& response, const http::Request& request, const Services& use) {
  const auto type = std::find_if(response.headers.begin(), response.headers.end(),
                                 [](const auto& field) { return field.first == "Content-Type"; });
  if (type == response.headers.end() || !type->second.starts_with("application/fhir+json")) return;
  tree::Limits wide;
  wide.max_bytes = std::size_t{64} << 20;
  const auto document = json::read(response.body, *use.symbols, wide);
  if (!document) return;
  response.body = Page(request, use, *document).written(response.status);
  type->second = "text/html; charset=utf-8";
  response.header("Content-Security-Policy", page_policy());
}

}  // namespace concord::api
