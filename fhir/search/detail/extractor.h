#pragma once
/// Reads elements into rows of an index. One per extraction.

#include <optional>
#include <string_view>

#include "fhir/core/decimal.h"
#include "fhir/path/context.h"
#include "fhir/search/detail/catalogue.h"
#include "fhir/search/index.h"

namespace concord::search::detail {

class Extractor {
 public:
  Extractor(const Catalogue& catalogue, std::string_view base_url, const tree::Document& document,
            IndexValues& out)
      : catalogue_(catalogue),
        names_(catalogue.names()),
        base_url_(base_url),
        document_(document),
        out_(out) {}

  /// Everything below `at` that the walk leads to. The depth is that of the walk.
  void walk(const Walk& walk, std::uint32_t stop, const tree::Node& at);
  /// What an expression gave.
  void items(const Part& part, const path::Collection& items, path::EvalContext& context);
  /// More rows than one resource may have: nothing further is read.
  bool spent() const noexcept {
    return out_.tokens.size() + out_.texts.size() + out_.periods.size() + out_.numbers.size() +
               out_.links.size() >
           kMaxRows;
  }
  static constexpr std::size_t kMaxRows = 100'000;

 private:
  /// A number with its unit; an end that is not there is open.
  struct Amount {
    std::optional<Decimal> low, high;
    std::string_view system, code, unit;
  };

  void act(const Part& part, Shape shape, const tree::Node& node);
  void primitive(const Part& part, Shape shape, std::string_view text);
  void coding(const Part& part, const tree::Node& node);
  void identifier(const Part& part, const tree::Node& node);
  void folded(IndexKey key, std::string_view text);
  void remark(IndexKey key, std::string_view text);
  void words(const Part& part, Shape shape, const tree::Node& node);
  void period(const Part& part, Shape shape, const tree::Node& node);
  void quantity(const Part& part, Shape shape, const tree::Node& node);
  void range(const Part& part, const tree::Node& node);
  void number_rows(const Part& part, const Amount& amount);
  void position(const Part& part, const tree::Node& node);
  void reference(const Part& part, const tree::Node& node);
  void canonical(IndexKey key, std::string_view url);
  void composite(const Composite& composite, const tree::Node& node);

  std::string_view value(const tree::Node& node, tree::Symbol name) const {
    const tree::Node* child = node.child(name);
    return child == nullptr ? std::string_view{} : child->text();
  }

  const Catalogue& catalogue_;
  const Names& names_;
  std::string_view base_url_;
  const tree::Document& document_;
  IndexValues& out_;
};

/// Sorts each list and drops what stands twice.
void settle(IndexValues& values);

/// A reference to a resource, taken apart; views of what was read.
struct ReferenceText {
  std::string_view type, id;  ///< of "Patient/123", with a version or without
  std::string_view absolute;  ///< url or urn without version; empty for relative ones
};
/// Relative, absolute, to this server (`base_url`), with "/_history/1" or without. Nothing for
/// "#contained" and for what is none.
std::optional<ReferenceText> read_reference(std::string_view text, std::string_view base_url,
                                            const Catalogue& catalogue);

}  // namespace concord::search::detail
