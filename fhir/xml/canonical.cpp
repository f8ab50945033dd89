#include "fhir/xml/canonical.h"

#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <libxml/xmlerror.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <new>

#include "fhir/xml/detail/names.h"
#include "fhir/xml/detail/tokeniser.h"
#include "fhir/xml/writer.h"

namespace concord::xml {
namespace {

using tree::Flag;
using tree::Kind;
using tree::Node;
using tree::Symbol;

/// Recognises trees that write() puts into canonical form by itself: default namespaces only, each
/// of them an absolute name, and nothing escaped in one of the two forms alone. Most signed
/// messages are such; all others go the way through libxml2.
class WrittenCanonically {
 public:
  explicit WrittenCanonically(const tree::Document& document) : document_(document) {}

  bool operator()(const Node& element, Symbol space = Symbol::kNone, std::size_t depth = 1) const {
    if (depth > detail::kMostDepth || !plain_text(element.text())) return false;
    const Symbol own = element.xml_namespace();
    if (own != Symbol::kNone && own != space) {
      if (!plain_namespace(document_.text(own))) return false;
      space = own;
    }
    for (const Node& child : element.children()) {
      const bool plain = child.is(Flag::attribute)    ? plain_attribute(child)
                         : child.kind() == Kind::text ? plain_text(child.text())
                                                      : (*this)(child, space, depth + 1);
      if (!plain) return false;
    }
    return true;
  }

 private:
  static bool control(char c) { return static_cast<unsigned char>(c) < 0x20; }

  static bool plain_text(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return control(c) && c != '\n' && c != '\t'; });
  }

  bool plain_attribute(const Node& attribute) const {
    const std::string_view text = attribute.text();
    return attribute.xml_namespace() == Symbol::kNone && document_.name(attribute) != "xmlns" &&
           std::none_of(text.begin(), text.end(),
                        [](char c) { return control(c) || c == '\'' || c == '>'; });
  }

  /// A name that everybody reads as an absolute URI.
  static bool plain_namespace(std::string_view name) {
    const auto plain = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '-' || c == '.';
    };
    char separator = ':';
    if (name.starts_with("urn:")) {
      name.remove_prefix(4);
    } else if (name.starts_with("http://") && name != detail::kXmlNamespace &&
               name != detail::kXmlnsNamespace) {
      name.remove_prefix(7);
      if (name.ends_with('#')) name.remove_suffix(1);
      separator = '/';
    } else {
      return false;
    }
    return !name.empty() && plain(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [&](char c) { return plain(c) || c == separator; });
  }

  const tree::Document& document_;
};

/// Counts what the tree of libxml2 would hold before it is built; its depth is checked, too.
class Measure final : public detail::Events {
 public:
  Measure(std::string_view source, const tree::Limits& limits) : source_(source), limits_(limits) {}

  void begin(const detail::Element& element) override {
    const std::size_t most_depth = std::min(limits_.max_depth, detail::kMostDepth);
    if (++depth_ > most_depth) {
      return refuse("nested deeper than " + std::to_string(most_depth) + " levels", element.offset);
    }
    nodes_ += 1 + element.attributes.size();
    if (nodes_ > limits_.max_nodes) {
      refuse("more than " + std::to_string(limits_.max_nodes) + " elements", element.offset);
    }
  }
  void end(std::size_t) override { --depth_; }
  void text(const detail::Text&, std::size_t) override {}
  void cdata(const detail::Text&, std::size_t) override {}

 private:
  void refuse(std::string why, std::size_t offset) {
    stop(make_error(ErrorCode::too_long, std::move(why), {}, tree::position_in(source_, offset)));
  }

  std::string_view source_;
  const tree::Limits& limits_;
  std::size_t depth_ = 0;
  std::size_t nodes_ = 0;
};

/// Keeps libxml2 of this thread from printing what it finds wrong: texts of the message.
class Quiet {
 public:
  Quiet() : handler_(xmlStructuredError), context_(xmlStructuredErrorContext) {
    xmlSetStructuredErrorFunc(nullptr, [](void*, xmlErrorPtr) {});
  }
  ~Quiet() { xmlSetStructuredErrorFunc(context_, handler_); }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

 private:
  xmlStructuredErrorFunc handler_;
  void* context_;
};

struct FreeDocument {
  void operator()(xmlDocPtr document) const { xmlFreeDoc(document); }
};
struct FreeBytes {
  void operator()(xmlChar* bytes) const { xmlFree(bytes); }
};

/// Of a document that is well-formed and within bounds.
Result<std::string> canonical_form(const std::string& source) {
  const Quiet quiet;
  const std::unique_ptr<xmlDoc, FreeDocument> document(
      xmlReadMemory(source.data(), static_cast<int>(source.size()), nullptr, nullptr,
                    XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_IGNORE_ENC | XML_PARSE_NOERROR |
                        XML_PARSE_NOWARNING | XML_PARSE_NOCDATA));
  if (document == nullptr) return make_error(ErrorCode::internal, "the XML could not be read");
  xmlChar* bytes = nullptr;
  const int size = xmlC14NDocDumpMemory(document.get(), nullptr, XML_C14N_EXCLUSIVE_1_0, nullptr,
                                        /*with_comments=*/0, &bytes);
  const std::unique_ptr<xmlChar, FreeBytes> owned(bytes);
  if (size < 0 || bytes == nullptr) {
    return make_error(ErrorCode::invalid,
                      "XML without a canonical form: a relative namespace name");
  }
  return std::string(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

}  // namespace

Result<std::string> canonicalise(std::string_view xml, const tree::Limits& limits) {
  try {
    CONCORD_TRY(detail::check_before_parsing(xml, limits));
    const std::string source(xml);
    Measure measure(source, limits);
    CONCORD_TRY(detail::tokenise(source, measure));
    return canonical_form(source);
  } catch (const std::bad_alloc&) {
    return make_error(ErrorCode::transient, "no memory for the canonical form");
  }
}

Result<std::string> canonicalise(const tree::Document& document, const tree::Node& element) {
  const bool canonical = WrittenCanonically(document)(element);
  CONCORD_ASSIGN(
      std::string text,
      write(document, element, {.declaration = false, .indent = 0, .expand_empty = canonical}));
  if (canonical) return text;
  if (text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return make_error(ErrorCode::too_long, "too long for a canonical form");
  }
  return canonical_form(text);
}

}  // namespace concord::xml
