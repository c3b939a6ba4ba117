// SPDX-License-Identifier: MIT
// pqxx.cpp: the exceptions of libpqxx. tests/end_to_end/postgres.sh has a server.
#include <tenax/pqxx.hpp>

#include <functional>
#include <stdexcept>
#include <type_traits>

#include <tenax/testing/virtual_time.hpp>

#include "catch.hpp"

namespace sql = tenax::sql;
namespace when = tenax::when;
using sql::condition;

namespace {

template <class E>
sql::error read(E const& exception) {
  return sql::error_in(*tenax::capture([&]() -> int { throw exception; }).caught());
}

/// An exception of libpqxx 6, whose classes for rolled-back transactions have no statement, or of libpqxx 7.
template <class E>
E empty() {
  if constexpr (std::is_constructible_v<E, char const*>) {
    return E("");
  } else {
    return E("", "");
  }
}

template <class Policy, class E>
int attempts(Policy const& policy, E const& exception) {
  tenax::testing::virtual_time clock;
  int n = 0;
  static_cast<void>(policy.environment(std::ref(clock)).try_call([&] {
    ++n;
    throw exception;
  }));
  return n;
}

}  // namespace

TEST_CASE("pqxx: what its exceptions mean") {
  CHECK(read(pqxx::in_doubt_error("")).what == condition::in_doubt);
  CHECK(read(empty<pqxx::statement_completion_unknown>()).what == condition::in_doubt);
  CHECK(read(empty<pqxx::serialization_failure>()) == sql::error_of_state("40001"));
  CHECK(read(empty<pqxx::deadlock_detected>()) == sql::error_of_state("40P01"));
  CHECK(read(pqxx::transaction_rollback("")).what == condition::conflict);
  CHECK(read(pqxx::too_many_connections("")).what == condition::too_many_connections);
  CHECK(read(pqxx::broken_connection("FATAL:  sorry, too many clients already")).what ==
        condition::too_many_connections);
  CHECK(read(pqxx::broken_connection("FATAL:  no more connections allowed (max_client_conn)")).what ==
        condition::too_many_connections);
  CHECK(read(pqxx::broken_connection("FATAL:  query_wait_timeout")).what == condition::too_many_connections);
  CHECK(read(pqxx::broken_connection("server closed the connection")).what == condition::connection_lost);
  CHECK(read(pqxx::sql_error("", "", "57P01")).what == condition::server_unavailable);
  CHECK(read(pqxx::sql_error("", "", "55P03")).what == condition::lock_timeout);
  CHECK(read(pqxx::sql_error("")).what == condition::connection_lost);
  CHECK(read(pqxx::unique_violation("", "", "23505")) == sql::error_of_state("23505"));
  CHECK(read(pqxx::usage_error("")) == sql::error{.never_sent = true});
  CHECK(read(std::runtime_error("40001")) == sql::error{});
}

TEST_CASE("pqxx: no policy repeats a COMMIT in doubt") {
  auto const any = tenax::retrying{}.when(when::any_exception);
  CHECK(attempts(tenax::retrying{}, pqxx::in_doubt_error("")) == 1);
  CHECK(attempts(any, pqxx::in_doubt_error("")) == 1);
  CHECK(attempts(any, empty<pqxx::statement_completion_unknown>()) == 1);
  CHECK(attempts(any, empty<pqxx::serialization_failure>()) == 3);
  CHECK(attempts(tenax::retrying{}.when(when::sqlstate("40")), empty<pqxx::deadlock_detected>()) == 3);
  CHECK(attempts(tenax::retrying{}.when(when::serialization_conflict), pqxx::unique_violation("", "", "23505")) == 1);
}

TEST_CASE("pqxx: a server that cannot be reached") {
  sql::pqxx_database<> db([]() -> std::unique_ptr<pqxx::connection> { throw pqxx::broken_connection("refused"); },
                          {.find_out = true});
  tenax::testing::virtual_time clock;
  int bodies = 0;
  CHECK_THROWS_AS(sql::transact(tenax::retrying{}.environment(std::ref(clock)), db, [&](pqxx::work&) { ++bodies; }),
                  pqxx::broken_connection);
  CHECK(bodies == 0);
  CHECK(clock.sleeps().size() == 2);
  CHECK_FALSE(db.can_find_out());
}
