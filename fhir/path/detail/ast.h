#pragma once
/// What the parser makes of a text. Only the compiler sees it.

#include <cstdint>
#include <string>
#include <vector>

namespace concord::path::detail {

enum class AstKind : std::uint8_t {
  empty,    ///< {}
  boolean,  ///< text "true" or "false"
  integer,
  long_integer,
  decimal,
  string,
  date,
  date_time,
  time,
  quantity,   ///< text the number, unit in `unit`, `calendar` when a word
  this_item,  ///< $this
  index,      ///< $index
  total,      ///< $total
  external,   ///< %name
  member,     ///< name
  call,       ///< name(children)
  chain,      ///< children[0] . children[1] . …; later ones are member, call or indexer
  indexer,    ///< [children[0]]; in chains only
  unary,      ///< text "+" or "-"
  binary,     ///< text is the operator
  type_test,  ///< children[0] is type; text is the type
  type_cast,  ///< children[0] as type
};

using AstIndex = std::uint32_t;

struct AstNode {
  AstKind kind = AstKind::empty;
  bool calendar = false;
  std::uint32_t depth = 1;   ///< levels from here down
  std::uint32_t offset = 0;  ///< bytes into the expression
  std::string text;
  std::string unit;
  std::vector<AstIndex> children;
};

struct Ast {
  std::vector<AstNode> nodes;
  AstIndex root = 0;
  const AstNode& operator[](AstIndex index) const { return nodes[index]; }
};

}  // namespace concord::path::detail
