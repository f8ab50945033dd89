#pragma once
/// What must stand in a message, and in which form. Pure functions, safe from any thread.

#include <span>
#include <string_view>
#include <vector>

#include "conformance/simulators/spine/fault.h"
#include "fhir/tree/document.h"

namespace concord::spine {

/// What a value must be like.
enum class Form : unsigned char { present, uuid, date_time, date, digits };

struct Required {
  std::string_view path;  ///< names joined by '/', an attribute last as "@name"
  Form form;
};

bool all_digits(std::string_view text);

/// Adds a fault for each row that is not met: 0008 missing, 9006 no date, 0009 another form.
/// `where` names `from` in their texts.
void require(const tree::Document& document, const tree::Node& from, std::string_view where,
             std::span<const Required> rows, std::vector<Fault>& faults);

}  // namespace concord::spine
