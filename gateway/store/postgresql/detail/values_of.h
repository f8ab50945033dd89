#pragma once
/// Statements of gateway/store/sql as this room binds them.

#include "gateway/store/postgresql/detail/values.h"
#include "gateway/store/sql/statement.h"

namespace concord::store::postgresql {

inline Values values_of(const sql::Statement& statement) {
  Values values;
  for (const sql::Value& value : statement.values) {
    std::visit([&values](const auto& one) { values.add(one); }, value);
  }
  return values;
}

}  // namespace concord::store::postgresql
