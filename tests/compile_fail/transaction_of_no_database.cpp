// expect: tenax: sql::transact() needs a database with begin(), commit(), and rollback() and disconnect() that are noexcept
// SPDX-License-Identifier: MIT
// transaction_of_no_database.cpp: a database whose rollback may throw.
#include <tenax/sql/transaction.hpp>

struct bank {
  int begin() { return 1; }
  void commit() {}
#ifdef CORRECTED
  void rollback() noexcept {}
#else
  void rollback() {}
#endif
  void disconnect() noexcept {}
};

void pay(bank& db) {
  tenax::sql::transact(tenax::retrying{}, db, [](int) {});
}
