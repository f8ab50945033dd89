#include "fhir/tree/document.h"

#include <gmock/gmock.h>

#include "fhir/tree/builder.h"

namespace concord::tree {
namespace {

TEST(Symbols, SameNameGivesSameSymbolAndUnknownNamesAreNotMade) {
  Symbols symbols;
  const Symbol status = symbols.intern("status");
  EXPECT_EQ(symbols.intern("status"), status);
  EXPECT_EQ(symbols.find("status"), status);
  EXPECT_EQ(symbols.find("state"), Symbol::kNone);
  EXPECT_EQ(symbols.text(status), "status");
}

TEST(Document, NamesNobodyKnewStayInTheDocument) {
  Symbols symbols;
  Document document(symbols);
  Builder build(document);
  const Symbol made = build.symbol("madeUp");
  EXPECT_TRUE(is_local(made));
  EXPECT_EQ(document.text(made), "madeUp");
  EXPECT_EQ(build.symbol("madeUp"), made);
  EXPECT_EQ(symbols.find("madeUp"), Symbol::kNone);
}

TEST(Document, PathCarriesIndicesWhereAnElementRepeats) {
  Symbols symbols;
  Document document(symbols);
  Builder build(document);
  build.set_name(build.root(), symbols.intern("Patient"));
  Node* first = build.append(build.root(), symbols.intern("name"));
  Node* second = build.append(build.root(), symbols.intern("name"));
  Node* gender = build.append(build.root(), symbols.intern("gender"));
  Node* family = build.append(*second, symbols.intern("family"));
  EXPECT_EQ(document.path(*first), "Patient.name[0]");
  EXPECT_EQ(document.path(*family), "Patient.name[1].family");
  EXPECT_EQ(document.path(*gender), "Patient.gender");
}

TEST(Builder, GroupedAppendKeepsRepeatsTogether) {
  Symbols symbols;
  Document document(symbols);
  Builder build(document);
  const Symbol id = symbols.intern("id"), code = symbols.intern("code");
  build.append(build.root(), id);
  build.append(build.root(), code);
  build.append_grouped(build.root(), id);
  std::vector<Symbol> order;
  for (const Node& child : document.root().children()) order.push_back(child.name());
  EXPECT_THAT(order, testing::ElementsAre(id, id, code));
  EXPECT_EQ(document.root().last_child()->name(), code);
}

TEST(Builder, NodeBudgetIsKept) {
  Symbols symbols;
  Document document(symbols, Limits{.max_nodes = 2});
  Builder build(document);
  EXPECT_NE(build.append(build.root(), symbols.intern("a")), nullptr);
  EXPECT_EQ(build.append(build.root(), symbols.intern("b")), nullptr);
}

TEST(Position, CountsLinesAndColumnsFromOne) {
  EXPECT_EQ(position_in("ab\ncd", 0), (Position{1, 1}));
  EXPECT_EQ(position_in("ab\ncd", 4), (Position{2, 2}));
}

}  // namespace
}  // namespace concord::tree
