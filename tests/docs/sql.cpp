// SPDX-License-Identifier: MIT
// sql.cpp: the snippets of docs/reference/sql.md, and of the hints in docs/reference/errors.md.
#include <tenax/exception_hint.hpp>
#include <tenax/sql/mysql.hpp>
#include <tenax/sql/transaction.hpp>
#include <tenax/sql/when.hpp>

#include "docs.hpp"

namespace {

/// Stands for a C library of a database.
namespace driver {
struct handle {
  int connects = 0;
  std::vector<std::string> statements{};
};
int next_error = 0;
int error = 0;
bool connect(handle& h) {
  ++h.connects;
  return true;
}
void close(handle&) {}
bool run(handle& h, char const* statement) {
  h.statements.emplace_back(statement);
  error = std::exchange(next_error, 0);
  return error == 0;
}
}  // namespace driver

// [database]
class bank {
 public:
  explicit bank(driver::handle& h) : handle_(h) {}

  bank& begin() {
    if (!connected_ && !driver::connect(handle_)) fail("no connection");
    connected_ = true;
    run("START TRANSACTION");
    return *this;  // what the body gets
  }
  void commit() { run("COMMIT"); }
  void rollback() noexcept {
    if (connected_) driver::run(handle_, "ROLLBACK");
  }
  void disconnect() noexcept {
    if (connected_) driver::close(handle_);
    connected_ = false;
  }

  void run(char const* statement) {
    if (!driver::run(handle_, statement)) fail(statement);
  }

 private:
  [[noreturn]] static void fail(char const* text) {
    throw tenax::sql::database_error(tenax::sql::mysql_error(static_cast<unsigned>(driver::error)),
                                     text);
  }

  driver::handle& handle_;
  bool connected_ = false;
};
// [/database]

}  // namespace

namespace queue_library {
struct maybe_sent : std::runtime_error {
  using runtime_error::runtime_error;
};
}  // namespace queue_library

// [hint]
inline tenax::exception_hint<queue_library::maybe_sent> const never_again(
    {.verdict = tenax::verdict::no_retry});
// [/hint]

TEST_CASE("sql: a database of your own") {
  driver::handle h;
  bank db(h);
  virtual_time clock;
  auto const policy = tenax::retrying{}.environment(std::ref(clock));
  // [own]
  int attempts = 0;
  tenax::sql::transact(policy, db, [&](bank& tx) {
    if (++attempts == 1) driver::next_error = 1213;  // a deadlock
    tx.run("UPDATE accounts SET balance = balance - 1");
  });
  // [/own]
  CHECK(attempts == 2);
  CHECK(h.connects == 1);
  CHECK(h.statements ==
        std::vector<std::string>{"START TRANSACTION", "UPDATE accounts SET balance = balance - 1",
                                 "ROLLBACK", "START TRANSACTION",
                                 "UPDATE accounts SET balance = balance - 1", "COMMIT"});
}

TEST_CASE("sql: predicates") {
  // [when]
  auto const reads =
      tenax::retrying{}.when(tenax::when::connection_lost || tenax::when::server_unavailable ||
                             tenax::when::sqlstate("40001", "53"));
  // [/when]
  script<int> query;
  query.throws(tenax::sql::database_error(tenax::sql::error_of_state("53200"), "out of memory"))
      .returns(1);
  CHECK(docs::play(reads, query).attempts == 2);
}

TEST_CASE("sql: hints for the exceptions of another library") {
  script<int> send;
  send.throws(queue_library::maybe_sent("no answer")).repeats_last();
  CHECK(docs::play(tenax::retrying{}.when(tenax::when::any_exception), send).attempts == 1);
}
