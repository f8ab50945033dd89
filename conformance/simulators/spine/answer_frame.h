#pragma once
/// The wrapper around every answer. Pure function, safe from any thread.

#include <functional>

#include "conformance/simulators/spine/answers.h"
#include "conformance/simulators/spine/xml_writer.h"

namespace concord::spine {

inline constexpr std::string_view kAnnotationCodes = "2.16.840.1.113883.2.1.3.2.4.17.30";

/// Writes the wrapper; `content` writes what stands in ControlActEvent behind its author.
std::string framed(std::string_view interaction, const Frame& frame,
                   const std::vector<Fault>& rejected,
                   const std::function<void(XmlWriter&)>& content);

/// hl7:subject with the content's root element open in the namespace urn:hl7-org:v3.
void open_subject(XmlWriter& xml, std::string_view root, std::string_view class_code,
                  const Frame& frame);
void close_subject(XmlWriter& xml);

}  // namespace concord::spine
