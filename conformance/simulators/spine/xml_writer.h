#pragma once
/// The simulator's own way to write XML: what it says itself, and parts of what it received as they
/// came. One thread at a time.

#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/tree/document.h"

namespace concord::spine {

/// What changes while a part of a message is copied.
struct Splices {
  std::map<const tree::Node*, std::string> after;    ///< XML written behind an element
  std::map<const tree::Node*, std::string> instead;  ///< XML written in place of an element
};

class XmlWriter {
 public:
  using Attributes = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  /// `indent` is the number of spaces of a level; 0: all on one line.
  explicit XmlWriter(unsigned indent = 2) : indent_(indent) {}

  void declaration();
  void open(std::string_view name, Attributes attributes = {});
  void close();
  void empty(std::string_view name, Attributes attributes = {});
  void leaf(std::string_view name, std::string_view text, Attributes attributes = {});

  /// An element of a message with everything below it, in the namespace urn:hl7-org:v3 where it
  /// was in it: names, attributes and texts as received, white space between elements left out.
  void copy(const tree::Document& document, const tree::Node& element, const Splices& splices = {});

  std::string take() { return std::move(out_); }

 private:
  void line();
  void tag(std::string_view name, Attributes attributes);
  void copy_tag(const tree::Document& document, const tree::Node& element, tree::Symbol around);
  void copy_below(const tree::Document& document, const tree::Node& element, tree::Symbol around,
                  const Splices& splices);

  unsigned indent_;
  std::string out_;
  std::vector<std::string> open_;
};

}  // namespace concord::spine
