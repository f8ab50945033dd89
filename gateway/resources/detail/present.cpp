#include "gateway/resources/detail/present.h"

#include <algorithm>

#include "gateway/resources/detail/outcome.h"

namespace concord::resources::detail {

using store::Change;
using store::ResourceRow;

namespace {

/// Past this a Bundle is not written: a page is at most 200 resources and what they include.
constexpr std::size_t kMostBytes = std::size_t{256} << 20;

/// The cut of one entry: elements named for a type cut that type only; those named for none cut
/// matches.
Cut cut_of(const Page& page, const Page::Entry& entry) {
  Cut cut;
  cut.summary = page.summary;
  if (cut.summary == search::SummaryMode::count) cut.summary = search::SummaryMode::no;
  for (const std::string& element : page.elements) {
    const std::size_t dot = element.find('.');
    if (dot == std::string::npos) {
      if (!entry.included) cut.elements.push_back(element);
    } else if (std::string_view(element).substr(0, dot) == entry.row.type) {
      cut.elements.push_back(element.substr(dot + 1));
    }
  }
  return cut;
}

class BundleText {
 public:
  explicit BundleText(std::string base) : base_(std::move(base)) {}

  void begin(const Page& page) {
    out_ = R"({"resourceType":"Bundle","type":")" + page.bundle_type + '"';
    if (page.total) out_ += ",\"total\":" + std::to_string(*page.total);
    bool any = false;
    const auto link = [&](std::string_view relation, const std::string& path) {
      if (path.empty()) return;
      out_ += any ? "," : ",\"link\":[";
      any = true;
      // Paths were percent-encoded: nothing in them means anything to JSON.
      out_.append("{\"relation\":\"").append(relation).append("\",\"url\":\"");
      out_.append(base_).append(path).append("\"}");
    };
    link("self", page.self);
    link("first", page.first);
    link("previous", page.previous);
    link("next", page.next);
    link("last", page.last);
    if (any) out_ += ']';
  }

  void entry() {
    out_ += entries_++ == 0 ? ",\"entry\":[{" : ",{";
    members_ = 0;
  }
  void full_url(const ResourceRow& row) {
    member("fullUrl");
    out_.append("\"").append(base_).append(row.type).append("/").append(row.id).append("\"");
  }
  void raw(std::string_view name, std::string_view json) {
    member(name);
    out_ += json;
  }
  void end_entry() { out_ += '}'; }
  std::string finish() {
    if (entries_ > 0) out_ += ']';
    out_ += '}';
    return std::move(out_);
  }
  std::size_t size() const noexcept { return out_.size(); }

 private:
  void member(std::string_view name) {
    if (members_++ > 0) out_ += ',';
    out_.append("\"").append(name).append("\":");
  }
  std::string base_;
  std::string out_;
  std::size_t entries_ = 0;
  std::size_t members_ = 0;
};

/// request and response of a version. Source: hl7.org/fhir/R4/http.html#history.
void write_history(BundleText& out, const ResourceRow& row) {
  std::string_view method = "PUT";
  std::string url = name_of(row.type, row.id);
  int status = 200;
  switch (row.change) {
    case Change::created:
      method = "POST";
      url = row.type;
      status = 201;
      break;
    case Change::updated:
      break;
    case Change::patched:
      method = "PATCH";
      break;
    case Change::deleted:
      method = "DELETE";
      status = 204;
      break;
  }
  out.raw("request", R"({"method":")" + std::string(method) + R"(","url":")" + url + "\"}");
  out.raw("response", R"({"status":")" + status_line(status) + R"(","etag":"W/\")" +
                          std::to_string(row.version) + R"(\"","lastModified":")" +
                          format_instant(row.updated_at) + "\"}");
}

}  // namespace

std::string base_of(std::string_view base_url) {
  const bool plain = std::all_of(base_url.begin(), base_url.end(), [](char c) {
    return c > ' ' && c < 0x7F && c != '"' && c != '\\' && c != '<' && c != '>';
  });
  if (!plain || base_url.empty()) return {};
  std::string base(base_url);
  if (base.back() != '/') base += '/';
  return base;
}

Result<std::string> write_page(const Room& room, const Page& page, std::string_view base_url) {
  BundleText out(base_of(base_url.empty() ? room.settings.base_url : base_url));
  out.begin(page);
  const bool history = page.bundle_type == "history";
  for (const Page::Entry& entry : page.entries) {
    out.entry();
    out.full_url(entry.row);
    const Cut cut = cut_of(page, entry);
    if (!entry.row.body.empty()) {
      if (cut.any()) {
        CONCORD_ASSIGN(const std::string body, cut_body(room, entry.row.body, cut));
        out.raw("resource", body);
      } else {
        out.raw("resource", entry.row.body);
      }
    }
    if (history) {
      write_history(out, entry.row);
    } else {
      out.raw("search", entry.included ? R"({"mode":"include"})" : R"({"mode":"match"})");
    }
    out.end_entry();
    if (out.size() > kMostBytes) {
      return make_error(ErrorCode::too_long, "the page is too large; ask for a smaller _count");
    }
  }
  if (!history && !page.issues.empty()) {
    out.entry();
    out.raw("resource", write_outcome(room.symbols(), page.issues, "informational"));
    out.raw("search", R"({"mode":"outcome"})");
    out.end_entry();
  }
  return out.finish();
}

}  // namespace concord::resources::detail
