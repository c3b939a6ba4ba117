// SPDX-License-Identifier: MIT
// sql_pqxx.cpp: the snippets about libpqxx of docs/how-to/retry-a-transaction.md. They need a server, so they are
// compiled and not run; tests/end_to_end/postgres.sh runs their like.
#include <tenax/pqxx.hpp>

#include "docs.hpp"

namespace {

constexpr auto patient = tenax::retrying{}
                             .wait(tenax::wait::exponential({.base = 10ms, .max = 1s}).full())
                             .stop(tenax::stop::after_attempts(20) || tenax::stop::deadline(30s));

// [transfer]
int transfer(tenax::sql::pqxx_database<>& db, int from, int to, int amount) {
  return tenax::sql::transact(patient, db, [&](pqxx::work& tx) {
    auto const number = [](int n) { return std::to_string(n); };
    tx.exec("UPDATE accounts SET balance = balance - " + number(amount) +
            " WHERE id = " + number(from));
    tx.exec("UPDATE accounts SET balance = balance + " + number(amount) +
            " WHERE id = " + number(to));
    return tx.exec("SELECT balance FROM accounts WHERE id = " + number(from))[0][0].as<int>();
  });
}
// [/transfer]

void pay(tenax::sql::pqxx_database<>& db, std::string const& id) {
  // [committed]
  auto const there = [&] {
    pqxx::nontransaction asks(db.connection());  // a new connection
    return !asks.exec("SELECT 1 FROM payments WHERE id = " + asks.quote(id)).empty();
  };
  tenax::sql::transact(
      patient, db,
      [&](pqxx::work& tx) { tx.exec("INSERT INTO payments VALUES (" + tx.quote(id) + ")"); },
      {.committed = there});
  // [/committed]
}

}  // namespace

TEST_CASE("sql: a database that connects when it is needed") {
  // [find_out]
  tenax::sql::pqxx_database<> db("host=127.0.0.1 dbname=bank", {.find_out = true});
  // [/find_out]
  CHECK_FALSE(db.can_find_out());
  // [serializable]
  tenax::sql::pqxx_database<pqxx::transaction<pqxx::serializable>> strict(
      "host=127.0.0.1 dbname=bank");
  // [/serializable]
  CHECK_FALSE(strict.can_find_out());
  static_cast<void>(&transfer);
  static_cast<void>(&pay);
}
