#pragma once
/// Symbols of the names a tokeniser reports, and the namespaces this room knows.

#include <array>
#include <cstdint>
#include <string_view>

#include "fhir/tree/builder.h"

namespace concord::xml::detail {

inline constexpr std::string_view kFhirNamespace = "http://hl7.org/fhir";
inline constexpr std::string_view kXhtmlNamespace = "http://www.w3.org/1999/xhtml";
inline constexpr std::string_view kXmlNamespace = "http://www.w3.org/XML/1998/namespace";
inline constexpr std::string_view kXmlnsNamespace = "http://www.w3.org/2000/xmlns/";
inline constexpr std::string_view kXsiNamespace = "http://www.w3.org/2001/XMLSchema-instance";

/// Resources stand inside these elements. Source: hl7.org/fhir/R4/resource.html.
inline bool holds_resource(std::string_view element) {
  return element == "contained" || element == "resource" || element == "outcome";
}

inline bool is_extension(std::string_view element) {
  return element == "extension" || element == "modifierExtension";
}

/// The tokeniser gives the same name at the same address every time, so an address stands for it.
class SymbolCache {
 public:
  explicit SymbolCache(tree::Builder& builder) : builder_(builder) {}

  /// kNone for the empty name, and when the document has no room for more names.
  tree::Symbol of(std::string_view name) {
    const auto address = reinterpret_cast<std::uintptr_t>(name.data());
    Entry& entry = entries_[(address ^ address >> 8) % entries_.size()];
    if (entry.name != name.data() || name.empty()) {
      entry = {name.data(), builder_.symbol(name)};
    }
    return entry.symbol;
  }

 private:
  struct Entry {
    const char* name = nullptr;
    tree::Symbol symbol = tree::Symbol::kNone;
  };
  tree::Builder& builder_;
  std::array<Entry, 256> entries_{};
};

}  // namespace concord::xml::detail
