#pragma once
/// Whether a tree is written as the definitions say, and making it so. The part of reading for
/// validation that needs definitions. Source: hl7.org/fhir/R4/json.html, xml.html.

#include <string>
#include <string_view>
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/tree/builder.h"
#include "fhir/tree/reading.h"

namespace concord::validate::detail {

/// Whether every node of an annotated document is known, has the kind its type asks for, stands in
/// an array where it may repeat, and, in XML, in the order of the definition. One quick walk.
bool fits(const tree::Document& document, const definitions::Definitions& definitions, bool xml);

/// Reports what fits() would stop at and takes it out of the tree, or turns it into what was meant
/// where that loses nothing. Used once, by one thread.
class Shapes {
 public:
  /// Everything must outlive this object.
  Shapes(tree::Document& document, const definitions::Definitions& definitions,
         tree::SyntaxFindings& findings, bool xml)
      : document_(document),
        definitions_(definitions),
        findings_(findings),
        builder_(document),
        xml_(xml) {}

  /// Before annotating. False when the document is no resource of R4 (the finding is fatal).
  bool mend();
  /// After annotating: findings of the readers that waited for types.
  void settle();

 private:
  using Node = tree::Node;
  using Type = definitions::Type;
  using Child = definitions::Child;

  void mend_children(Node& node, const Type& type);
  /// The type to go on with, or null when the node goes.
  const Type* judge(Node& node, const Type& parent, const Child& found);
  const Type* judge_resource(Node& node, const Type& expected);
  bool judge_run(Node& first, const Type& parent, const Child& found);
  bool unknown(Node& node, const Type& parent);
  void check_order(const Node& node, const Type& type);

  void report(std::string_view id, std::string_view issue_type, std::string text, const Node& node,
              std::string_view member = {}, Severity severity = Severity::error);
  void place(const Node& node);
  void forget(const Node& owner, std::string_view member);

  tree::Document& document_;
  const definitions::Definitions& definitions_;
  tree::SyntaxFindings& findings_;
  tree::Builder builder_;
  bool xml_;
  bool added_ = false;  ///< the finding reported last was kept
  std::vector<std::pair<Node*, const Type*>> open_;
};

}  // namespace concord::validate::detail
