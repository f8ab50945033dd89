#pragma once
/// A code system in memory. Internal to the room.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fhir/terminology/code_system.h"
#include "fhir/terminology/detail/text.h"

namespace concord::definitions::pack {
struct CodeSystem;
struct Concept;
}  // namespace concord::definitions::pack

namespace concord::terminology::detail {

/// Filters over properties as their values are written; shared by tables and grammars.
/// Nothing for an operator this cannot answer.
std::optional<Result<std::function<bool(std::string_view)>>> text_test(const Filter& filter);

class CodeTable final : public CodeSystem {
 public:
  /// Over a table of the definitions, which must outlive it, with the supplements to it.
  CodeTable(const definitions::pack::CodeSystem& system,
            const std::vector<const definitions::pack::CodeSystem*>& supplements);

  /// Of codes and names made by the program: the systems built in.
  struct Made {
    std::string url, name;
    bool case_sensitive = true;
    struct Row {
      std::string code, display;
      std::vector<std::pair<std::string, std::string>> properties;  ///< code → string
    };
    std::vector<Row> rows;
  };
  explicit CodeTable(Made made);

  std::string_view url() const noexcept override { return url_; }
  std::string_view version() const noexcept override { return version_; }
  std::string_view name() const noexcept override { return name_; }
  std::string_view title() const noexcept override { return title_; }
  std::string_view status() const noexcept override { return status_; }
  std::string_view standards_status() const noexcept override { return standards_status_; }
  bool is_experimental() const noexcept override { return experimental_; }
  std::string_view language() const noexcept override { return language_; }
  Content content() const noexcept override { return content_; }
  bool is_case_sensitive() const noexcept override { return case_sensitive_; }
  std::size_t size() const noexcept override { return rows_.size(); }
  Concept find(std::string_view code) const noexcept override;
  std::string_view code(Concept at) const noexcept override { return rows_[at].code; }
  std::string_view display(Concept at) const noexcept override { return rows_[at].display; }
  std::string_view definition(Concept at) const noexcept override;
  bool is_inactive(Concept at) const noexcept override { return inactive_.contains(at); }
  bool is_abstract(Concept at) const noexcept override { return abstract_.contains(at); }
  void designations(Concept at, const std::function<void(const Designation&)>& sink) const override;
  void properties(Concept at, const std::function<void(const Property&)>& sink) const override;
  std::vector<Concept> parents(Concept at) const override { return up_.of(at); }
  std::vector<Concept> children(Concept at) const override { return down_.of(at); }
  bool is_a(Concept at, Concept ancestor) const override;
  Result<ConceptSet> select(const Filter& filter) const override;

  const ConceptSet& inactive() const noexcept { return inactive_; }

 private:
  struct Row {
    std::string_view code, display;
    const definitions::pack::Concept* concept_row = nullptr;
  };
  /// Lists of concepts, one after the other.
  struct Lists {
    std::vector<std::uint32_t> first;
    std::vector<Concept> members;
    std::vector<Concept> of(Concept at) const;
  };
  void index();
  void link();
  ConceptSet marked(const std::function<bool(Concept)>& test) const;
  ConceptSet below(Concept top, const Lists& lists) const;
  Result<ConceptSet> by_hierarchy(const Filter& filter) const;
  Result<ConceptSet> by_property(const Filter& filter) const;
  bool has_property(std::string_view code) const;

  std::string_view url_, version_, name_, title_, status_, standards_status_, language_;
  Content content_ = Content::complete;
  bool case_sensitive_ = true;
  bool experimental_ = false;
  std::vector<Row> rows_;
  TextIndex by_code_;
  std::unordered_map<std::string, Concept> by_folded_;  // only where case does not matter
  Lists up_, down_;
  ConceptSet inactive_, abstract_;
  const definitions::pack::CodeSystem* system_ = nullptr;
  /// What supplements add to a concept.
  std::unordered_map<Concept, std::vector<const definitions::pack::Concept*>> added_;
  std::unique_ptr<const Made> made_;
};

}  // namespace concord::terminology::detail
