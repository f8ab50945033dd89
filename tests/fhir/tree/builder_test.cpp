#include "fhir/tree/builder.h"

#include <gmock/gmock.h>

#include "tests/support/trees.h"

namespace concord::tree {
namespace {

class BuilderTest : public testing::Test {
 protected:
  Node& add(Node& parent, const char* name) { return *build.append(parent, symbols.intern(name)); }
  std::string children(const Node& node) const {
    std::string names;
    const Node* last = nullptr;
    for (const Node& child : node.children()) {
      names += document.name(child);
      EXPECT_EQ(child.parent(), &node);
      last = &child;
    }
    EXPECT_EQ(node.last_child(), last);
    return names;
  }
  Symbols symbols;
  Document document{symbols};
  Builder build{document};
};

TEST_F(BuilderTest, DetachTakesOutTheFirstAMiddleAndTheLastChild) {
  Node& a = add(build.root(), "a");
  Node& b = add(build.root(), "b");
  Node& c = add(build.root(), "c");
  Node& d = add(build.root(), "d");
  build.detach(b);
  EXPECT_EQ(children(build.root()), "acd");
  build.detach(a);
  EXPECT_EQ(children(build.root()), "cd");
  build.detach(d);
  EXPECT_EQ(children(build.root()), "c");
  build.detach(c);
  EXPECT_EQ(children(build.root()), "");
  EXPECT_EQ(b.parent(), nullptr);
  EXPECT_EQ(b.next_sibling(), nullptr);
  build.detach(b);  // once more changes nothing
}

TEST_F(BuilderTest, AttachPutsADetachedNodeWithItsChildrenAtTheEnd) {
  Node& a = add(build.root(), "a");
  Node& b = add(build.root(), "b");
  add(a, "x");
  build.detach(a);
  build.attach(build.root(), a);
  EXPECT_EQ(children(build.root()), "ba");
  build.detach(a);
  build.attach(b, a);
  EXPECT_EQ(children(build.root()), "b");
  EXPECT_EQ(children(b), "a");
  EXPECT_EQ(children(a), "x");
}

TEST_F(BuilderTest, InsertAfterReachesEveryPlace) {
  Node& b = add(build.root(), "b");
  build.insert_after(build.root(), nullptr, symbols.intern("a"));
  build.insert_after(build.root(), &b, symbols.intern("d"));
  build.insert_after(build.root(), &b, symbols.intern("c"));
  EXPECT_EQ(children(build.root()), "abcd");
  build.insert_after(b, nullptr, symbols.intern("x"));
  EXPECT_EQ(children(b), "x");
}

TEST_F(BuilderTest, MoveChildrenAppendsThemAllAndLeavesNone) {
  Node& from = add(build.root(), "from");
  Node& to = add(build.root(), "to");
  add(from, "b");
  add(from, "c");
  add(to, "a");
  build.move_children(from, to);
  EXPECT_EQ(children(from), "");
  EXPECT_EQ(children(to), "abc");
  build.move_children(from, to);
  build.move_children(to, to);
  EXPECT_EQ(children(to), "abc");
  build.move_children(to, from);
  EXPECT_EQ(children(from), "abc");
  EXPECT_EQ(children(to), "");
}

TEST_F(BuilderTest, SortIsStableAndKeepsTheListWhole) {
  for (const char* name : {"c1", "a1", "b1", "a2", "c2", "b2"}) add(build.root(), name);
  build.sort_children(build.root(), [&](const Node& node) { return document.name(node)[0]; });
  EXPECT_EQ(children(build.root()), "a1a2b1b2c1c2");
  build.sort_children(build.root(), [&](const Node& node) { return document.name(node)[0]; });
  EXPECT_EQ(children(build.root()), "a1a2b1b2c1c2");
  build.append(build.root(), symbols.intern("d"));
  EXPECT_EQ(children(build.root()), "a1a2b1b2c1c2d");
}

TEST_F(BuilderTest, ClearedTextIsNoValueAndEmptyTextIsOne) {
  Node& a = add(build.root(), "a");
  build.set_text(a, "");
  EXPECT_TRUE(a.has_value());
  build.set_copy(a, "x");
  EXPECT_EQ(a.text(), "x");
  build.clear_text(a);
  EXPECT_FALSE(a.has_value());
  EXPECT_EQ(a.text(), "");
}

TEST_F(BuilderTest, CopyIntoTranslatesNamesOfOtherTablesAndCopiesTexts) {
  Symbols other_symbols;
  other_symbols.intern("shifts the numbers");
  auto other = std::make_unique<Document>(other_symbols);
  {
    Builder build_other(*other);
    Node& name = *build_other.append(build_other.root(), other_symbols.intern("name"));
    Node& given = *build_other.append(name, build_other.symbol("onlyThere"), Kind::string);
    build_other.set_copy(given, "Ann");
    build_other.set_flag(given, Flag::in_array);
    build_other.set_type(given, other_symbols.intern("string"));
    build_other.set_namespace(given, build_other.symbol("urn:x"));
    build_other.set_offset(given, 7);
    ASSERT_NE(build.copy_into(build.root(), *other, name, symbols.intern("copy")), nullptr);
  }
  other.reset();
  EXPECT_EQ(test::outline(document),
            " element\n"
            "  copy element\n"
            "    onlyThere string : string {urn:x} [] = 'Ann'\n");
  EXPECT_EQ(document.root().first_child()->first_child()->source_offset(), Node::kNoOffset);
}

TEST_F(BuilderTest, CopyIntoItselfOrBelowItselfEnds) {
  Node& a = add(build.root(), "a");
  add(a, "b");
  ASSERT_NE(build.copy_into(a, document, a, symbols.intern("copy")), nullptr);
  ASSERT_NE(build.copy_into(a, document, build.root(), symbols.intern("all")), nullptr);
  EXPECT_EQ(test::outline(document),
            " element\n"
            "  a element\n"
            "    b element\n"
            "    copy element\n"
            "      b element\n"
            "    all element\n"
            "      a element\n"
            "        b element\n"
            "        copy element\n"
            "          b element\n");
}

TEST(BuilderLimits, ACopyOverTheBudgetLeavesTheParentAsItWas) {
  Symbols symbols;
  Document source(symbols);
  Builder build_source(source);
  for (int i = 0; i < 10; ++i) build_source.append(build_source.root(), symbols.intern("x"));
  Document small(symbols, {.max_nodes = 5});
  Builder build(small);
  EXPECT_EQ(build.copy_into(build.root(), source, source.root(), symbols.intern("copy")), nullptr);
  EXPECT_EQ(small.root().first_child(), nullptr);
}

TEST(BuilderLimits, TheNameBudgetIsKeptAndKnownNamesStillWork) {
  Symbols symbols;
  symbols.intern("shared");
  Document document(symbols);
  Builder build(document);
  std::vector<Symbol> made;
  for (int i = 0; i < 32'768; ++i) made.push_back(build.symbol("n" + std::to_string(i)));
  EXPECT_EQ(build.symbol("one more"), Symbol::kNone);
  EXPECT_EQ(build.symbol("n0"), made.front());
  EXPECT_EQ(made.back(), Symbol::kLast);
  EXPECT_NE(build.symbol("shared"), Symbol::kNone);
  EXPECT_EQ(build.symbol(""), Symbol::kNone);
  for (int i = 0; i < 32'768; ++i) {
    ASSERT_EQ(document.find("n" + std::to_string(i)), made[static_cast<std::size_t>(i)]);
    ASSERT_EQ(document.text(made[static_cast<std::size_t>(i)]), "n" + std::to_string(i));
  }
}

TEST(BuilderLimits, GroupedAppendOfALongListIsNotQuadratic) {
  Symbols symbols;
  Document document(symbols);
  Builder build(document);
  const Symbol name = symbols.intern("x");
  for (int i = 0; i < 500'000; ++i) ASSERT_NE(build.append_grouped(build.root(), name), nullptr);
  EXPECT_EQ(document.root().count(name), 500'000u);
}

}  // namespace
}  // namespace concord::tree
