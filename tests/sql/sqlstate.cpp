// SPDX-License-Identifier: MIT
// sqlstate.cpp: SQLSTATEs, error numbers of MySQL and result codes of SQLite.
#include <tenax/sql/sqlstate.hpp>

#include <string>

#include <tenax/retrying.hpp>
#include <tenax/sql/mysql.hpp>
#include <tenax/sql/sqlite.hpp>
#include <tenax/sql/when.hpp>

#include "../catch.hpp"

namespace sql = tenax::sql;
namespace when = tenax::when;
using sql::condition;

namespace {

struct failed : sql::database_error {
  explicit failed(char const* state) : sql::database_error(sql::error_of_state(state), state) {}
};

template <class Predicate>
bool accepts(Predicate const& p, char const* state) {
  auto const ended = tenax::capture([&]() -> int { throw failed(state); });
  return p(tenax::attempt<int>{{}, ended});
}

}  // namespace

TEST_CASE("sqlstate: classes of PostgreSQL's codes") {
  auto const of = [](char const* state) { return sql::error_of_state(state).what; };
  for (auto const* s : {"40001", "40P01", "40000"}) CHECK(of(s) == condition::conflict);
  for (auto const* s : {"08000", "08003", "08006", "08001", "08P01", "08S01", "57P05", "25P03"}) {
    CHECK(of(s) == condition::connection_lost);
  }
  for (auto const* s : {"57P01", "57P02", "57P03"}) CHECK(of(s) == condition::server_unavailable);
  for (auto const* s : {"53300", "08004"}) CHECK(of(s) == condition::too_many_connections);
  for (auto const* s : {"40003", "08007"}) CHECK(of(s) == condition::in_doubt);
  for (auto const* s : {"55P03", "HYT00"}) CHECK(of(s) == condition::lock_timeout);
  for (auto const* s : {"23505", "40002", "42601", "57014", "57P04", "53100", "00000", "P0001"}) {
    CHECK(of(s) == condition::other);
  }
}

TEST_CASE("sqlstate: a text that is none is no SQLSTATE") {
  for (std::string const text : {"", "4000", "400011", "4000a", "40 01", "4000\n", "40001 ",
                                 "\xc3\xa4"
                                 "001"}) {
    CAPTURE(text);
    auto const e = sql::error_of_state(text);
    CHECK_FALSE(e.state.known());
    CHECK(e.state.text().empty());
    CHECK(e.what == condition::other);
    CHECK_FALSE(e.answered());
  }
  CHECK(sql::error_of_state("40001").answered());
}

TEST_CASE("sqlstate: numbers of MySQL") {
  CHECK(sql::mysql_error(1213).what == condition::conflict);
  CHECK(sql::mysql_error(3101).what == condition::conflict);
  CHECK(sql::mysql_error(1205).what == condition::lock_timeout);
  CHECK(sql::mysql_error(2006).what == condition::connection_lost);
  CHECK(sql::mysql_error(2013).what == condition::connection_lost);
  CHECK(sql::mysql_error(4031).what == condition::connection_lost);
  CHECK(sql::mysql_error(1040).what == condition::too_many_connections);
  CHECK(sql::mysql_error(1053).what == condition::server_unavailable);
  CHECK(sql::mysql_error(1062).what == condition::other);
  CHECK(sql::mysql_error(1062).answered());
}

TEST_CASE("sqlstate: result codes of SQLite") {
  CHECK(sql::sqlite_error(5).what == condition::lock_timeout);
  CHECK(sql::sqlite_error(5).keeps_transaction);
  CHECK(sql::sqlite_error(517).what == condition::conflict);
  CHECK_FALSE(sql::sqlite_error(517).keeps_transaction);
  CHECK(sql::sqlite_error(6).what == condition::other);
  CHECK(sql::sqlite_error(262).what == condition::lock_timeout);
  CHECK(sql::sqlite_error(19).what == condition::other);
  CHECK(sql::sqlite_error(10).what == condition::in_doubt);
  CHECK(sql::sqlite_error(1290).what == condition::in_doubt);  // SQLITE_IOERR_DIR_FSYNC
}

TEST_CASE("sqlstate: predicates") {
  auto const p = when::sqlstate("40001", "08");
  CHECK(accepts(p, "40001"));
  CHECK(accepts(p, "08006"));
  CHECK_FALSE(accepts(p, "40P01"));
  CHECK_FALSE(accepts(p, "4000"));
  CHECK(accepts(when::serialization_conflict, "40P01"));
  CHECK_FALSE(accepts(when::serialization_conflict, "08006"));
  CHECK(accepts(when::connection_lost, "08006"));
  CHECK(accepts(when::server_unavailable, "57P01"));
  CHECK(accepts(when::too_many_connections, "53300"));
  CHECK(accepts(when::lock_timeout, "55P03"));
  auto const other = tenax::capture([]() -> int { throw std::runtime_error("40001"); });
  CHECK_FALSE(p(tenax::attempt<int>{{}, other}));
  CHECK_FALSE((when::serialization_conflict || p)(tenax::attempt<int>{{}, tenax::outcome<int>(1)}));
  for (char const* text : {"", "4", "400", "40001x", "4000a", "08 "}) {
    CAPTURE(text);
    CHECK_THROWS_AS(when::sqlstate(text), std::invalid_argument);
  }
  CHECK_THROWS_WITH(when::sqlstate("abc"),
                    "tenax: when::sqlstate: code must have five digits or capital letters, such as 40001, or two for a "
                    "class, but is abc");
}
