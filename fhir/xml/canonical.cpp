#include "fhir/xml/canonical.h"

#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <libxml/xmlerror.h>

#include <limits>
#include <memory>
#include <new>

#include "fhir/xml/detail/tokeniser.h"
#include "fhir/xml/writer.h"

namespace concord::xml {
namespace {

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
  CONCORD_ASSIGN(const std::string text,
                 write(document, element, {.declaration = false, .indent = 0}));
  if (text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return make_error(ErrorCode::too_long, "too long for a canonical form");
  }
  return canonical_form(text);
}

}  // namespace concord::xml
