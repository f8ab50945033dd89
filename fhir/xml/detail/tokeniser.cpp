#include "fhir/xml/detail/tokeniser.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>

#include <cstring>
#include <memory>
#include <vector>

#include "fhir/core/utf8.h"

namespace concord::xml::detail {
namespace {

std::string_view view(const xmlChar* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

/// Whether an XML declaration names an encoding that is not UTF-8.
bool declares_other_encoding(std::string_view declaration) {
  const std::size_t at = declaration.find("encoding");
  if (at == std::string_view::npos) return false;
  const std::size_t quote = declaration.find_first_of("\"'", at);
  if (quote == std::string_view::npos) return true;
  const std::size_t end = declaration.find(declaration[quote], quote + 1);
  if (end == std::string_view::npos) return true;
  const std::string_view name = declaration.substr(quote + 1, end - quote - 1);
  constexpr std::string_view kUtf8 = "utf-8";
  if (name.size() != kUtf8.size()) return true;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i] >= 'A' && name[i] <= 'Z' ? static_cast<char>(name[i] + 32) : name[i];
    if (c != kUtf8[i]) return true;
  }
  return false;
}

/// By its byte order mark, or by the zero byte beside the first bracket.
bool is_utf16(std::string_view source) {
  using namespace std::string_view_literals;
  return source.starts_with("\xFF\xFE") || source.starts_with("\xFE\xFF") ||
         source.starts_with("<\0"sv) || source.starts_with("\0<"sv);
}

/// Quoted values in a tag that begins at `tag`, up to its end or to one more than allowed.
std::size_t count_attributes(std::string_view source, std::size_t tag) {
  std::size_t count = 0;
  char quote = 0;
  for (std::size_t at = tag; at < source.size() && count <= kMostAttributes; ++at) {
    const char c = source[at];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
      ++count;
    } else if (c == '>') {
      break;
    }
  }
  return count;
}

/// The first tag with too many attributes, or npos. A raw `<` cannot stand inside a tag, so only
/// stretches without one that are long enough to hold that many are looked at.
std::size_t crowded_tag(std::string_view source) {
  constexpr std::size_t kShortest = 5;  // ` a=""` without its space, which quotes make optional
  constexpr std::size_t kStretch = kMostAttributes * kShortest;
  std::size_t at = source.find('<');
  while (at != std::string_view::npos && source.size() - at > kStretch) {
    const std::size_t next = source.rfind('<', at + kStretch);
    if (next != at) {
      at = next;
      continue;
    }
    const char kind = source[at + 1];
    if (kind != '!' && kind != '?' && kind != '/' &&
        count_attributes(source, at) > kMostAttributes) {
      return at;
    }
    at = source.find('<', at + 1);
  }
  return std::string_view::npos;
}

/// What libxml2 found, without its texts: they carry values of the message.
std::string_view fault_text(int code) {
  switch (code) {
    case XML_ERR_DOCUMENT_EMPTY:
    case XML_ERR_DOCUMENT_START:
      return "there is no XML element";
    case XML_ERR_DOCUMENT_END:
      return "bytes after the end of the outermost element, or it has no end";
    case XML_ERR_TAG_NAME_MISMATCH:
      return "an end tag that does not match its start tag";
    case XML_ERR_TAG_NOT_FINISHED:
    case XML_ERR_GT_REQUIRED:
    case XML_ERR_LTSLASH_REQUIRED:
      return "a tag that is not finished";
    case XML_ERR_ATTRIBUTE_REDEFINED:
    case XML_NS_ERR_ATTRIBUTE_REDEFINED:
      return "an attribute occurs twice in one element";
    case XML_ERR_ATTRIBUTE_WITHOUT_VALUE:
    case XML_ERR_ATTRIBUTE_NOT_STARTED:
    case XML_ERR_ATTRIBUTE_NOT_FINISHED:
    case XML_ERR_LT_IN_ATTRIBUTE:
      return "an attribute that is not well-formed";
    case XML_ERR_UNDECLARED_ENTITY:
    case XML_WAR_UNDECLARED_ENTITY:
    case XML_ERR_ENTITYREF_SEMICOL_MISSING:
    case XML_ERR_ENTITYREF_NO_NAME:
      return "a reference to an entity, which XML here does not have";
    case XML_ERR_INVALID_CHAR:
    case XML_ERR_INVALID_CHARREF:
    case XML_ERR_INVALID_HEX_CHARREF:
    case XML_ERR_INVALID_DEC_CHARREF:
      return "a character XML cannot carry";
    case XML_NS_ERR_UNDEFINED_NAMESPACE:
      return "a namespace prefix that is not declared";
    case XML_ERR_COMMENT_NOT_FINISHED:
      return "a comment that is not finished";
    case XML_ERR_CDATA_NOT_FINISHED:
      return "a CDATA section that is not finished";
    case XML_ERR_MISPLACED_CDATA_END:
      return "]]> inside text";
    default:
      return "not well-formed XML";
  }
}

/// One parse: libxml2's context, and what its callbacks hand on to the events.
class Parse {
 public:
  Parse(std::string_view source, Events& events) : source_(source), events_(events) {}

  Result<void> run();

 private:
  static Parse& self(void* context) {
    return *static_cast<Parse*>(static_cast<xmlParserCtxtPtr>(context)->_private);
  }

  /// The place in the source of something in libxml2's buffer, which is a sliding copy of it.
  std::size_t offset_of(const xmlChar* at) const {
    const xmlParserInput& input = *context_->input;
    if (at < input.base || at > input.end) return source_.size();
    return std::min(input.consumed + static_cast<std::size_t>(at - input.base), source_.size());
  }
  /// Where libxml2 stands.
  std::size_t offset() const { return offset_of(context_->input->cur); }

  /// A text as a view into the source where it stands there as it is.
  Text text(const xmlChar* begin, const xmlChar* end) const {
    const std::string_view reported(reinterpret_cast<const char*>(begin),
                                    static_cast<std::size_t>(end - begin));
    const std::string_view there = source_.substr(offset_of(begin), reported.size());
    if (there == reported) return {there, true};
    return {reported, false};
  }

  void start_element(const xmlChar* name, const xmlChar* prefix, const xmlChar* uri,
                     bool declares_namespace, int count, const xmlChar** attributes);
  void refuse(ErrorCode code, std::string_view why, std::size_t offset) {
    events_.stop(make_error(code, std::string(why), {}, tree::position_in(source_, offset)));
    halt();
  }
  void halt() {
    if (events_.stopped()) xmlStopParser(context_.get());
  }

  struct FreeContext {
    void operator()(xmlParserCtxtPtr context) const {
      if (context->myDoc != nullptr) xmlFreeDoc(context->myDoc);
      xmlFreeParserCtxt(context);
    }
  };

  std::string_view source_;
  Events& events_;
  std::unique_ptr<xmlParserCtxt, FreeContext> context_;
  std::vector<Attribute> attributes_;
};

void Parse::start_element(const xmlChar* name, const xmlChar* prefix, const xmlChar* uri,
                          bool declares_namespace, int count, const xmlChar** attributes) {
  // libxml2 reports a tag that breaks off, too, before it complains.
  if (*context_->input->cur != '>' && *context_->input->cur != '/') return;
  attributes_.clear();
  for (int i = 0; i < count; ++i, attributes += 5) {
    attributes_.push_back(
        {view(attributes[0]), view(attributes[2]), text(attributes[3], attributes[4])});
  }
  // A tag holds no other `<`, so the nearest one before is its own.
  const std::size_t end = offset();
  const std::size_t begin = end == 0 ? 0 : source_.rfind('<', end - 1);
  events_.begin({view(name), view(uri), prefix != nullptr, declares_namespace, attributes_, begin});
  halt();
}

Result<void> Parse::run() {
  xmlSAXHandler sax{};
  sax.initialized = XML_SAX2_MAGIC;
  sax.startElementNs = [](void* context, const xmlChar* name, const xmlChar* prefix,
                          const xmlChar* uri, int declared, const xmlChar** namespaces, int count,
                          int, const xmlChar** attributes) {
    Parse& parse = self(context);
    if (parse.events_.stopped()) return;
    bool declares_namespace = false;  // pairs of prefix and name; a default has no prefix
    for (int i = 0; i < declared; ++i) declares_namespace |= namespaces[2 * i] == nullptr;
    parse.start_element(name, prefix, uri, declares_namespace, count, attributes);
  };
  sax.endElementNs = [](void* context, const xmlChar*, const xmlChar*, const xmlChar*) {
    Parse& parse = self(context);
    if (parse.events_.stopped()) return;
    parse.events_.end(parse.offset());
    parse.halt();
  };
  sax.characters = [](void* context, const xmlChar* text, int size) {
    Parse& parse = self(context);
    if (parse.events_.stopped()) return;
    parse.events_.text(parse.text(text, text + size), parse.offset());
    parse.halt();
  };
  sax.ignorableWhitespace = sax.characters;
  sax.cdataBlock = [](void* context, const xmlChar* text, int size) {
    Parse& parse = self(context);
    if (parse.events_.stopped()) return;
    parse.events_.cdata(parse.text(text, text + size), parse.offset());
    parse.halt();
  };
  sax.internalSubset = [](void* context, const xmlChar*, const xmlChar*, const xmlChar*) {
    Parse& parse = self(context);
    parse.refuse(ErrorCode::malformed, "a document type declaration", parse.offset());
  };
  sax.processingInstruction = [](void* context, const xmlChar*, const xmlChar*) {
    Parse& parse = self(context);
    if (parse.events_.stopped()) return;
    const std::size_t end = parse.offset();
    const std::size_t begin = end == 0 ? 0 : parse.source_.rfind("<?", end - 1);
    if (!parse.events_.instruction(begin == std::string_view::npos ? end : begin)) {
      parse.refuse(ErrorCode::malformed, "a processing instruction", end);
    }
    parse.halt();
  };
  sax.serror = [](void* context, xmlErrorPtr error) {
    Parse& parse = self(context);
    if (parse.events_.stopped() || error->level < XML_ERR_ERROR) return;
    if (error->code == XML_ERR_NO_MEMORY) {
      parse.events_.stop(make_error(ErrorCode::transient, "no memory to read the message"));
    } else {
      parse.refuse(ErrorCode::malformed, fault_text(error->code), parse.offset());
    }
    parse.halt();
  };

  context_.reset(xmlCreateMemoryParserCtxt(source_.data(), static_cast<int>(source_.size())));
  if (context_ == nullptr) return make_error(ErrorCode::transient, "no memory for the XML parser");
  *context_->sax = sax;
  context_->_private = this;
  // NOENT makes libxml2 report & for &amp; in attributes, and not its own &#38;. There are no other
  // entities: they need a document type, which is refused. HUGE stays off.
  xmlCtxtUseOptions(context_.get(), XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_IGNORE_ENC);
  xmlParseDocument(context_.get());
  if (events_.error()) return *std::move(events_.error());
  if (context_->wellFormed == 0) {
    return make_error(ErrorCode::malformed, std::string(fault_text(context_->errNo)), {},
                      tree::position_in(source_, offset()));
  }
  return {};
}

}  // namespace

Result<void> check_before_parsing(std::string_view source, const tree::Limits& limits,
                                  PrologOddities* oddities) {
  if (source.size() > limits.max_bytes || source.size() >= std::size_t{1} << 31) {
    return make_error(ErrorCode::too_long,
                      "more than " + std::to_string(limits.max_bytes) + " bytes");
  }
  const auto malformed = [&](const char* why, std::size_t offset) {
    return make_error(ErrorCode::malformed, why, {}, tree::position_in(source, offset));
  };
  if (is_utf16(source)) return malformed("another encoding than UTF-8: UTF-16", 0);
  if (const std::size_t at = invalid_utf8_at(source); at != std::string_view::npos) {
    return malformed("not UTF-8", at);
  }
  if (const std::size_t at = source.find('\0'); at != std::string_view::npos) {
    return malformed("a character XML cannot carry", at);
  }
  // The prolog: declaration, comments, white space. A document type stands here or nowhere.
  std::size_t at = source.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  for (;;) {
    at = skip_space(source, at);
    const std::string_view rest = source.substr(at);
    if (rest.starts_with("<?xml") && rest.size() > 5 && is_space(rest[5])) {
      const std::size_t end = rest.find("?>");
      if (end == std::string_view::npos) return malformed("a tag that is not finished", at);
      if (declares_other_encoding(rest.substr(0, end))) {
        if (oddities == nullptr) return malformed("another encoding than UTF-8", at);
        oddities->other_encoding = at;
      }
      at += end + 2;
    } else if (rest.starts_with("<!--")) {
      const std::size_t end = rest.find("-->", 4);
      if (end == std::string_view::npos) return malformed("a comment that is not finished", at);
      at += end + 3;
    } else if (rest.starts_with("<!")) {
      return malformed("a document type declaration", at);
    } else if (rest.starts_with("<?")) {
      if (oddities == nullptr) return malformed("a processing instruction", at);
      const std::size_t end = rest.find("?>");
      if (end == std::string_view::npos) return malformed("a tag that is not finished", at);
      at += end + 2;
    } else if (rest.empty()) {
      return malformed("there is no XML element", at);
    } else {
      break;
    }
  }
  if (const std::size_t tag = crowded_tag(source); tag != std::string_view::npos) {
    return make_error(ErrorCode::too_long,
                      "more than " + std::to_string(kMostAttributes) + " attributes on one element",
                      {}, tree::position_in(source, tag));
  }
  return {};
}

Result<void> tokenise(std::string_view source, Events& events) {
  return Parse(source, events).run();
}

}  // namespace concord::xml::detail
