// SPDX-License-Identifier: MIT
// transaction.cpp: whole transactions are retried, and a COMMIT in doubt is not.
#include <tenax/sql/transaction.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <vector>

#include <tenax/cancel.hpp>
#include <tenax/observe/log.hpp>
#include <tenax/sql/sqlite.hpp>
#include <tenax/testing/virtual_time.hpp>
#include <tenax/wait/constant.hpp>

#include "../catch.hpp"

using namespace std::chrono_literals;
namespace sql = tenax::sql;
namespace stop = tenax::stop;

namespace {

sql::database_error state(char const* s) { return {sql::error_of_state(s), s}; }
sql::database_error const lost({.what = sql::condition::connection_lost}, "lost");

/// Plays a script and records what is called.
struct fake_database {
  std::string calls{};
  std::function<void(int)> on_begin = [](int) {};
  std::function<void(int)> on_commit = [](int) {};
  int begins = 0;
  int commits = 0;

  int begin() {
    calls += "b";
    on_begin(++begins);
    return begins;
  }
  void commit() {
    calls += "c";
    on_commit(++commits);
  }
  void rollback() noexcept { calls += "r"; }
  void disconnect() noexcept { calls += "d"; }
};

struct run {
  fake_database db{};
  tenax::testing::virtual_time clock{};
  int bodies = 0;

  template <class Body>
  auto operator()(Body body, sql::transaction_options const& options = {}) {
    auto const policy = tenax::retrying{}.wait(tenax::wait::constant(1s)).stop(stop::after_attempts(4));
    return sql::transact(
        policy.environment(std::ref(clock)), db,
        [&](int tx) {
          ++bodies;
          return body(tx);
        },
        options);
  }
};

constexpr auto nothing = [](int) {};

}  // namespace

TEST_CASE("transact: the value of the body, after a commit") {
  run r;
  CHECK(r([](int tx) { return "value " + std::to_string(tx); }) == "value 1");
  CHECK(r.db.calls == "bc");
  CHECK(r.clock.sleeps().empty());
}

TEST_CASE("transact: a conflict in the body or at the COMMIT runs the whole transaction again") {
  run r;
  r.db.on_commit = [](int n) {
    if (n == 1) throw state("40001");
  };
  CHECK(r([&](int tx) {
          if (tx == 1) throw state("40P01");
          return tx;
        }) == 3);
  CHECK(r.db.calls ==
        "br"
        "bcr"
        "bc");
  CHECK(r.bodies == 3);
}

TEST_CASE("transact: a lost connection before the COMMIT is replaced") {
  for (char const* s : {"08006", "57P01", "53300", "40003"}) {
    run r;
    r([s](int tx) {
      if (tx == 1) throw state(s);
    });
    CHECK(r.db.calls == "brdbc");
  }
  run r;
  r.db.on_begin = [](int n) {
    if (n < 3) throw lost;
  };
  r(nothing);
  CHECK(r.db.calls == "brdbrdbc");
}

TEST_CASE("transact: errors that will not pass are thrown unchanged, after a rollback") {
  run r;
  CHECK_THROWS_WITH(r([](int) { throw state("23505"); }), "23505");
  CHECK(r.db.calls == "br");
  run mine;
  CHECK_THROWS_AS(mine([](int) { throw std::runtime_error("no money"); }), std::runtime_error);
  CHECK(mine.db.calls == "br");
  run number;
  CHECK_THROWS_AS(number([](int) { throw 3; }), int);
  run deferred;
  deferred.db.on_commit = [](int) { throw state("23503"); };
  CHECK_THROWS_AS(deferred(nothing), sql::database_error);
  CHECK(deferred.db.calls == "bcr");
}

namespace {

/// As `std::expected`.
template <class E>
struct maybe {
  std::optional<int> held{};
  std::optional<E> wrong{};

  [[nodiscard]] bool has_value() const { return held.has_value(); }
  [[nodiscard]] E const& error() const { return *wrong; }
};

}  // namespace

TEST_CASE("transact: a body that returns a failure is rolled back, and its value returned") {
  run r;
  auto const poor = r([](int) { return maybe<std::string>{{}, "no money"}; });
  CHECK(poor.error() == "no money");
  CHECK(r.db.calls == "br");
  run code;
  CHECK(code([](int) { return std::make_error_code(std::errc::invalid_argument); }) == std::errc::invalid_argument);
  CHECK(code.db.calls == "br");
  run good;
  CHECK(good([](int tx) { return maybe<std::string>{tx, {}}; }).held == 1);
  CHECK(!good([](int) { return std::error_code(); }));
  CHECK(good.db.calls == "bcbc");
  run forbidden;
  CHECK(!forbidden([](int) {
           return maybe<tenax::with_hint<std::string>>{{}, tenax::permanent(std::string("no"))};
         }).has_value());
  CHECK(forbidden.db.calls == "br");
}

TEST_CASE("transact: a returned error of the database runs the transaction again") {
  run r;
  auto const last = r([](int tx) {
    if (tx < 3) return maybe<sql::error>{{}, sql::error_of_state(tx == 1 ? "40001" : "08006")};
    return maybe<sql::error>{tx, {}};
  });
  CHECK(last.held == 3);
  CHECK(r.db.calls ==
        "br"
        "brd"
        "bc");
  run thrown;
  CHECK(thrown([](int tx) {
          if (tx == 1) return maybe<sql::database_error>{{}, state("40P01")};
          return maybe<sql::database_error>{tx, {}};
        }).held == 2);
  run always;
  CHECK(always([](int) { return maybe<sql::error>{{}, sql::error_of_state("40001")}; }).error().state.text() ==
        "40001");
  CHECK(always.bodies == 4);
  CHECK(always.db.calls == "brbrbrbr");
}

TEST_CASE("transact: a COMMIT in doubt is not repeated") {
  for (char const* s : {"08006", "57P01", "40003", "08007", "not one"}) {
    CAPTURE(s);
    run r;
    r.db.on_commit = [s](int) { throw state(s); };
    CHECK_THROWS_AS(r(nothing), tenax::in_doubt_error);
    CHECK(r.bodies == 1);
    CHECK(r.db.commits == 1);
  }
  // Exceptions that tell nothing.
  run r;
  r.db.on_commit = [](int) { throw std::runtime_error("?"); };
  CHECK_THROWS_WITH(r(nothing), "tenax: it is unknown whether the transaction was committed: ?");
  run outer;
  outer.db.on_commit = [](int) { throw lost; };
  int calls = 0;
  CHECK_THROWS_AS(tenax::retrying{}.when(tenax::when::any_exception)([&] {
    ++calls;
    outer(nothing);
  }),
                  tenax::in_doubt_error);
  CHECK(calls == 1);
  try {
    outer(nothing);
  } catch (tenax::in_doubt_error const& e) {
    CHECK_THROWS_WITH(std::rethrow_exception(e.cause()), "lost");
  }
}

TEST_CASE("transact: the answer yes ends a COMMIT in doubt, and the answer no starts again") {
  for (bool const committed : {true, false}) {
    run r;
    r.db.on_commit = [](int n) {
      if (n == 1) throw lost;
    };
    int asked = 0;
    CHECK(r([](int tx) { return tx; }, {.committed = [&] {
              ++asked;
              return committed;
            }}) == (committed ? 1 : 2));
    CHECK(asked == 1);
    CHECK(r.bodies == (committed ? 1 : 2));
  }
}

TEST_CASE("transact: the question is asked again until there is an answer") {
  run r;
  r.db.on_commit = [](int) { throw lost; };
  int asked = 0;
  r(nothing, {.committed = [&]() -> std::optional<bool> {
      ++asked;
      if (asked == 1) throw state("57P03");
      if (asked == 2) return std::nullopt;
      return true;
    }});
  CHECK(asked == 3);
  CHECK(r.bodies == 1);
  CHECK(r.clock.sleeps() == std::vector<tenax::duration>{1s, 1s});
  // Never an answer.
  run never;
  never.db.on_commit = [](int) { throw lost; };
  CHECK_THROWS_AS(never(nothing, {.committed = [] { return std::optional<bool>(); }}), tenax::in_doubt_error);
  CHECK(never.bodies == 1);
  // A question that fails for good.
  run broken;
  broken.db.on_commit = [](int) { throw lost; };
  CHECK_THROWS_AS(broken(nothing, {.committed = []() -> std::optional<bool> { throw state("42P01"); }}),
                  tenax::in_doubt_error);
  CHECK(broken.clock.sleeps().empty());
}

TEST_CASE("transact: the answer no in the last attempt is not a doubt") {
  run r;
  r.db.on_commit = [](int) { throw lost; };
  CHECK_THROWS_WITH(r(nothing, {.committed = [] { return false; }}), "lost");
  CHECK(r.bodies == 4);
}

TEST_CASE("transact: a busy COMMIT keeps the transaction") {
  run r;
  r.db.on_commit = [](int n) {
    if (n < 3) throw sql::database_error(sql::sqlite_error(5), "busy");
  };
  r(nothing);
  CHECK(r.db.calls == "bccc");
  CHECK(r.bodies == 1);
  run never;
  never.db.on_commit = [](int) { throw sql::database_error(sql::sqlite_error(5), "busy"); };
  CHECK_THROWS_WITH(never(nothing), "busy");
  CHECK(never.db.calls == "bccccr");
  run snapshot;
  snapshot.db.on_commit = [](int n) {
    if (n == 1) throw sql::database_error(sql::sqlite_error(517), "snapshot");
  };
  snapshot(nothing);
  CHECK(snapshot.db.calls == "bcrbc");
}

TEST_CASE("transact: exceptions of the body with a hint decide, and a token ends the call") {
  run r;
  CHECK_THROWS_AS(r([](int) { throw tenax::cancelled(); }), tenax::cancelled);
  CHECK(r.bodies == 1);
  run later;
  later([](int tx) {
    if (tx == 1) throw tenax::retry_after(7s, std::runtime_error("later"));
  });
  CHECK(later.clock.sleeps() == std::vector<tenax::duration>{7s});
  run stopped;
  std::stop_source source;
  source.request_stop();
  auto const p = tenax::retrying{}.cancel_with(source.get_token());
  CHECK_THROWS_AS(sql::transact(p, stopped.db, nothing), tenax::cancelled);
  CHECK(stopped.db.calls.empty());
}

TEST_CASE("transact: the policy's observers see each attempt") {
  fake_database db;
  std::string text;
  auto const p = tenax::retrying{}.wait(tenax::wait::none).before_sleep(tenax::log_to([&](std::string_view line) {
    text = line;
  }));
  sql::transact(p, db, [](int tx) {
    if (tx == 1) throw state("40001");
  });
  CHECK(text == "tenax: attempt 1 failed: 40001; attempt 2 at once");
}

namespace bank {
struct unsure : std::runtime_error {
  using runtime_error::runtime_error;
};
struct very_unsure : unsure {
  using unsure::unsure;
};
struct in_doubt_error : std::runtime_error {
  using runtime_error::runtime_error;
};
inline tenax::exception_hint<unsure> const never_again({.verdict = tenax::verdict::no_retry});
}  // namespace bank

namespace bank {
struct conflict : std::runtime_error {
  using runtime_error::runtime_error;
};
struct statement_unknown : std::runtime_error {
  using runtime_error::runtime_error;
};
inline sql::error_reader const errors([](std::exception const& e, sql::error& into) {
  if (dynamic_cast<conflict const*>(&e) != nullptr) return into = sql::error_of_state("40001"), true;
  if (dynamic_cast<statement_unknown const*>(&e) != nullptr) return into = {.what = sql::condition::in_doubt}, true;
  return false;
});
inline tenax::exception_hint<statement_unknown> const unknown({.verdict = tenax::verdict::no_retry});
}  // namespace bank

TEST_CASE("transact: a body that calls an error of the database permanent is obeyed") {
  run plain;
  plain([](int tx) {
    if (tx == 1) throw bank::conflict("40001");
    if (tx == 2) throw bank::statement_unknown("nothing was committed");
  });
  CHECK(plain.bodies == 3);
  run marked;
  CHECK_THROWS_AS(marked([](int) { throw tenax::permanent(bank::conflict("40001")); }), bank::conflict);
  CHECK(marked.db.calls == "br");
  run unsure;
  CHECK_THROWS_AS(unsure([](int) { throw tenax::permanent(bank::statement_unknown("")); }), bank::statement_unknown);
  CHECK(unsure.bodies == 1);
}

TEST_CASE("transact: a COMMIT that the driver refuses to send is not in doubt") {
  run r;
  r.db.on_commit = [](int) { throw sql::database_error({.never_sent = true}, "the transaction was aborted"); };
  CHECK_THROWS_WITH(r(nothing, {.committed = [] { return true; }}), "the transaction was aborted");
  CHECK(r.db.calls == "bcr");
  CHECK(r.bodies == 1);
}

TEST_CASE("exception_hint: the exceptions of a library that must not be retried") {
  auto const calls = [](auto const& policy, auto const& exception) {
    int n = 0;
    tenax::testing::virtual_time clock;
    static_cast<void>(policy.environment(std::ref(clock)).try_call([&] {
      ++n;
      throw exception;
    }));
    return n;
  };
  auto const any = tenax::retrying{}.when(tenax::when::any_exception);
  CHECK(calls(tenax::retrying{}, std::runtime_error("passes")) == 3);
  CHECK(calls(tenax::retrying{}, bank::unsure("")) == 1);
  CHECK(calls(any, bank::very_unsure("")) == 1);
  // A type that is named in_doubt: the default policy needs no hint.
  CHECK(calls(tenax::retrying{}, bank::in_doubt_error("")) == 1);
  CHECK(calls(any, bank::in_doubt_error("")) == 3);
}
