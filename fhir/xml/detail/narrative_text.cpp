#include "fhir/xml/detail/narrative_text.h"

#include "fhir/xml/detail/markup.h"
#include "fhir/xml/detail/names.h"

namespace concord::xml::detail {

void NarrativeText::begin(const Element& element) {
  if (tag_open_) out_.put('>');
  tag_open_ = true;
  const bool outermost = open_.empty();
  stands_alone_ =
      stands_alone_ && !element.has_prefix && (!outermost || element.declares_namespace);
  out_.put('<');
  out_.put(element.name);
  if (outermost || open_.back().name_space != element.name_space) {
    out_.put(" xmlns=\"");
    append_escaped(out_, element.name_space, Escaping::fhir_attribute);
    out_.put('"');
  }
  std::size_t prefixes = 0;
  for (const Attribute& attribute : element.attributes) {
    out_.put(' ');
    if (attribute.name_space == kXmlNamespace) {
      out_.put("xml:");
    } else if (!attribute.name_space.empty()) {
      stands_alone_ = false;
      const std::string prefix = "n" + std::to_string(prefixes++);
      out_.put("xmlns:" + prefix + "=\"");
      append_escaped(out_, attribute.name_space, Escaping::fhir_attribute);
      out_.put("\" " + prefix + ":");
    }
    out_.put(attribute.name);
    out_.put("=\"");
    append_escaped(out_, attribute.value.text, Escaping::fhir_attribute);
    out_.put('"');
  }
  open_.push_back({element.name, element.name_space});
}

void NarrativeText::end() {
  if (tag_open_) {
    out_.put("/>");
    tag_open_ = false;
  } else {
    out_.put("</");
    out_.put(open_.back().name);
    out_.put('>');
  }
  open_.pop_back();
}

void NarrativeText::text(std::string_view run) {
  if (tag_open_) {
    out_.put('>');
    tag_open_ = false;
  }
  append_escaped(out_, run, Escaping::text);
}

}  // namespace concord::xml::detail
