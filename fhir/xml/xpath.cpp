#include "fhir/xml/xpath.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include <memory>

namespace concord::xml {

namespace {

constexpr unsigned long kMostSteps = 1'000'000;
constexpr int kMostNodes = 10'000;

struct Free {
  void operator()(xmlDoc* at) const { xmlFreeDoc(at); }
  void operator()(xmlXPathContext* at) const { xmlXPathFreeContext(at); }
  void operator()(xmlXPathObject* at) const { xmlXPathFreeObject(at); }
  void operator()(xmlChar* at) const { xmlFree(at); }
};

const xmlChar* as_xml(const char* text) { return reinterpret_cast<const xmlChar*>(text); }

std::string taken(xmlChar* text) {
  const std::unique_ptr<xmlChar, Free> owned(text);
  return owned ? reinterpret_cast<const char*>(owned.get()) : std::string{};
}

void say_nothing(void*, xmlErrorPtr) {}

}  // namespace

Result<std::vector<std::string>> xpath(std::string_view xml, const std::string& expression) {
  xmlSetStructuredErrorFunc(nullptr, &say_nothing);  // of this thread
  if (xml.size() > (std::size_t{1} << 30)) return make_error(ErrorCode::too_long, "XML too long");
  const std::unique_ptr<xmlDoc, Free> document(
      xmlReadMemory(xml.data(), static_cast<int>(xml.size()), nullptr, nullptr,
                    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING));
  if (!document || document->intSubset != nullptr) {
    return make_error(ErrorCode::malformed, "the XML to search cannot be read");
  }
  const std::unique_ptr<xmlXPathContext, Free> context(xmlXPathNewContext(document.get()));
  if (!context) return make_error(ErrorCode::internal, "no memory for XPath");
  context->node = reinterpret_cast<xmlNode*>(document.get());  // relative paths start there
  context->opLimit = kMostSteps;
  constexpr const char* kPrefixes[][2] = {{"fhir", "http://hl7.org/fhir"},
                                          {"f", "http://hl7.org/fhir"},
                                          {"xhtml", "http://www.w3.org/1999/xhtml"},
                                          {"h", "http://www.w3.org/1999/xhtml"}};
  for (const auto& [prefix, space] : kPrefixes) {
    xmlXPathRegisterNs(context.get(), as_xml(prefix), as_xml(space));
  }
  const std::unique_ptr<xmlXPathObject, Free> found(
      xmlXPathEvalExpression(as_xml(expression.c_str()), context.get()));
  if (!found) {
    if (context->opCount >= kMostSteps) {
      return make_error(ErrorCode::too_costly, "the XPath takes too many steps");
    }
    return make_error(ErrorCode::malformed, "the XPath cannot be read");
  }
  std::vector<std::string> texts;
  if (found->type != XPATH_NODESET) {
    texts.push_back(taken(xmlXPathCastToString(found.get())));
    return texts;
  }
  if (found->nodesetval == nullptr) return texts;
  if (found->nodesetval->nodeNr > kMostNodes) {
    return make_error(ErrorCode::too_long, "the XPath selects too many nodes");
  }
  for (int i = 0; i < found->nodesetval->nodeNr; ++i) {
    texts.push_back(taken(xmlXPathCastNodeToString(found->nodesetval->nodeTab[i])));
  }
  return texts;
}

}  // namespace concord::xml
