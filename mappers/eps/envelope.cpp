#include "mappers/eps/envelope.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fhir/core/digest.h"
#include "fhir/xml/reader.h"

namespace concord::eps {
namespace {

constexpr std::size_t kMostParts = 32;
constexpr std::size_t kLongestBoundary = 200;

/// One part of what was sent, as views into it.
struct Part {
  std::string_view headers;
  std::string_view body;
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_letters(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

/// Where `word` first stands in `text`, case aside.
std::size_t find_letters(std::string_view text, std::string_view word) {
  const auto at = std::search(text.begin(), text.end(), word.begin(), word.end(),
                              [](char x, char y) { return lower(x) == lower(y); });
  return at == text.end() ? std::string_view::npos : static_cast<std::size_t>(at - text.begin());
}

/// The boundary of a package with its two hyphens: as the content type says, else the first line
/// when that is one. Empty: the bytes are no package.
std::string boundary_of(std::string_view bytes, std::string_view content_type) {
  if (find_letters(content_type, "multipart/") == 0) {
    const std::size_t named = find_letters(content_type, "boundary=");
    if (named != std::string_view::npos) {
      std::string_view value = content_type.substr(named + 9);
      const bool quoted = value.starts_with('"');
      if (quoted) value.remove_prefix(1);
      value = value.substr(0, value.find_first_of(quoted ? "\"" : "; \t"));
      if (!value.empty() && value.size() <= kLongestBoundary) {
        const std::string boundary = "--" + std::string(value);
        if (bytes.find(boundary) != std::string_view::npos) return boundary;
      }
    }
  }
  const std::size_t start = bytes.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos || !bytes.substr(start).starts_with("--")) return {};
  const std::string_view line = bytes.substr(start, bytes.find_first_of(" \t\r\n", start) - start);
  return line.size() <= kLongestBoundary ? std::string(line) : std::string();
}

/// Parts of a MIME package; the whole text when it is none.
std::vector<Part> parts_of(std::string_view bytes, std::string_view content_type) {
  const std::string boundary = boundary_of(bytes, content_type);
  if (boundary.empty()) return {Part{{}, bytes}};
  std::vector<Part> parts;
  std::size_t at = bytes.find(boundary);
  while (at != std::string_view::npos && parts.size() < kMostParts) {
    const std::size_t start = at + boundary.size();
    at = bytes.find(boundary, start);
    const std::string_view part =
        bytes.substr(start, at == std::string_view::npos ? at : at - start);
    // Headers end at the first empty line.
    std::size_t gap = 4;
    std::size_t body = part.find("\r\n\r\n");
    if (const std::size_t plain = part.find("\n\n"); plain < body) {
      body = plain;
      gap = 2;
    }
    if (body != std::string_view::npos) {
      parts.push_back({part.substr(0, body), part.substr(body + gap)});
    }
  }
  return parts;
}

/// The XML in a text: from its first to its last angle bracket; empty when it does not start so.
std::string_view xml_of(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos || text[start] != '<') return {};
  return text.substr(start, text.find_last_of('>') + 1 - start);
}

/// Whether an XML declaration is there and says nothing but UTF-8.
std::size_t plain_declaration(std::string_view xml) {
  if (!xml.starts_with("<?xml")) return 0;
  const std::size_t end = xml.find("?>");
  if (end == std::string_view::npos) return 0;
  const std::string_view said = xml.substr(0, end);
  const std::size_t encoding = said.find("encoding");
  const bool utf8 = encoding == std::string_view::npos ||
                    find_letters(said.substr(encoding), "utf-8") != std::string_view::npos;
  return utf8 ? end + 2 : 0;
}

/// The text of a part with white space for all that stands before it, so that the offsets of its
/// nodes are offsets into the bytes. A declaration, which may only stand first, becomes white space
/// as well unless the reader has to refuse what it says.
std::string at_its_place(std::string_view bytes, std::string_view xml) {
  const auto start = static_cast<std::size_t>(xml.data() - bytes.data());
  if (start == 0) return std::string(xml);
  const std::size_t declaration = plain_declaration(xml);
  if (declaration == 0 && xml.starts_with("<?xml")) return std::string(xml);
  std::string text(bytes.substr(0, start + xml.size()));
  for (std::size_t at = 0; at < start + declaration; ++at) {
    if (text[at] != '\n') text[at] = ' ';
  }
  return text;
}

/// The text of a part as the reader takes it; empty when it holds no XML.
std::string text_of(std::string_view bytes, const Part& part) {
  const std::size_t coding = find_letters(part.headers, "content-transfer-encoding:");
  if (coding != std::string_view::npos) {
    std::string_view value = part.headers.substr(coding + 26);
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    if (same_letters(value.substr(0, value.find_first_of(" \t\r\n;")), "base64")) {
      const auto decoded = base64_decode(part.body);
      return decoded ? std::string(xml_of(*decoded)) : std::string();
    }
  }
  const std::string_view xml = xml_of(part.body);
  return xml.empty() ? std::string() : at_its_place(bytes, xml);
}

/// Walks in document order without a stack.
template <typename Wanted>
const tree::Node* first_element(const tree::Node& from, Wanted&& wanted) {
  const tree::Node* at = &from;
  while (!wanted(*at)) {
    if (at->first_child() != nullptr) {
      at = at->first_child();
      continue;
    }
    while (at != &from && at->next_sibling() == nullptr) at = at->parent();
    if (at == &from) return nullptr;
    at = at->next_sibling();
  }
  return at;
}

}  // namespace

const tree::Node* find_element(const tree::Document& document, const tree::Node& from,
                               std::string_view name) {
  const tree::Symbol symbol = document.find(name);
  if (symbol == tree::Symbol::kNone) return nullptr;
  return first_element(from, [&](const tree::Node& node) {
    return node.name() == symbol && !node.is(tree::Flag::attribute);
  });
}

std::string_view text_at(const tree::Document& document, const tree::Node& from,
                         std::initializer_list<std::string_view> way) {
  const tree::Node* at = &from;
  for (const std::string_view name : way) {
    const tree::Symbol symbol = document.find(name);
    at = symbol == tree::Symbol::kNone ? nullptr : at->child(symbol);
    if (at == nullptr) return {};
  }
  return at->text();
}

Result<Found> find_message(std::string_view bytes, std::string_view content_type,
                           const tree::Symbols& symbols,
                           const std::function<bool(std::string_view name)>& wanted) {
  if (bytes.size() > kAnswerLimits.max_bytes) {
    return make_error(ErrorCode::too_long, "the message is longer than one of Spine can be");
  }
  std::optional<Error> unreadable;
  for (const Part& part : parts_of(bytes, content_type)) {
    std::string text = text_of(bytes, part);
    if (text.empty()) continue;
    auto read = xml::read(std::move(text), symbols, kAnswerLimits);
    if (!read) {
      unreadable = std::move(read).error();
      continue;
    }
    Found found;
    found.document = std::make_shared<tree::Document>(*std::move(read));
    found.message = first_element(found.document->root(), [&](const tree::Node& node) {
      return node.kind() != tree::Kind::text && !node.is(tree::Flag::attribute) &&
             wanted(found.document->name(node));
    });
    if (found.message != nullptr) return found;
  }
  if (unreadable) return *std::move(unreadable);
  return make_error(ErrorCode::unsupported, "this holds no message of Spine");
}

}  // namespace concord::eps
