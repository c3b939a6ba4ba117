// SPDX-License-Identifier: MIT
// transfers_sqlite.cpp: two processes move money in one SQLite database, with a WAL and with a rollback journal.
//
//   transfers_sqlite FILE
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>
#include <tenax/sql/sqlite.hpp>
#include <tenax/sql/transaction.hpp>
#include <tenax/tenax.hpp>

using namespace std::chrono_literals;
namespace sql = tenax::sql;

namespace {

// SQLite as `sql::transact` uses it. It waits for locks by the policy, and not inside of SQLite.
class database {
 public:
  explicit database(std::string path) : path_(std::move(path)) {}
  database(database const&) = delete;
  database& operator=(database const&) = delete;
  ~database() { disconnect(); }

  database& begin() {
    if (db_ == nullptr && sqlite3_open(path_.c_str(), &db_) != SQLITE_OK) throw failure();
    exec("BEGIN");
    return *this;
  }
  void commit() {
    try {
      exec("COMMIT");
    } catch (sql::database_error const& e) {
      if (e.error().what == sql::condition::lock_timeout) ++busy_commits;
      throw;
    }
  }
  void rollback() noexcept {
    if (db_ != nullptr && sqlite3_get_autocommit(db_) == 0) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  void disconnect() noexcept {
    rollback();
    sqlite3_close(db_);
    db_ = nullptr;
  }

  int exec(std::string const& statement) {
    int value = 0;
    auto const take = [](void* into, int columns, char** texts, char**) {
      if (columns > 0 && texts[0] != nullptr) *static_cast<int*>(into) = std::atoi(texts[0]);
      return 0;
    };
    if (sqlite3_exec(db_, statement.c_str(), take, &value, nullptr) != SQLITE_OK) throw failure();
    return value;
  }

  int busy_commits = 0;
  int snapshots = 0;

 private:
  sql::database_error failure() {
    auto const e = sql::sqlite_error(sqlite3_extended_errcode(db_));
    if (e.what == sql::condition::conflict) ++snapshots;
    return {e, sqlite3_errmsg(db_)};
  }

  std::string path_;
  sqlite3* db_ = nullptr;
};

constexpr int transfers = 60;  // of each process

auto patient() {
  return tenax::retrying{}
      .wait(tenax::wait::exponential({.base = 200us, .max = 5ms}).full())
      .stop(tenax::stop::deadline(30s));
}

int move_money(std::string const& path, int process) {
  database db(path);
  for (int i = 0; i < transfers; ++i) {
    sql::transact(patient(), db, [&](database& tx) {
      // Reads first: with a WAL, a write after a read of what has changed is SQLITE_BUSY_SNAPSHOT.
      int const balance = tx.exec("SELECT balance FROM accounts WHERE id = 0");
      ::usleep(300);
      tx.exec("UPDATE accounts SET balance = " + std::to_string(balance - 1) + " WHERE id = 0");
      tx.exec("UPDATE accounts SET balance = balance + 1 WHERE id = 1");
      tx.exec("INSERT INTO transfers VALUES (" + std::to_string(process * transfers + i) + ")");
    });
  }
  std::printf("process %d: %d snapshots, %d busy COMMITs\n", process, db.snapshots, db.busy_commits);
  return 0;
}

bool is_right(std::string const& path, char const* journal) {
  std::remove(path.c_str());
  database db(path);
  sql::transact(patient(), db, [](database& tx) {
    tx.exec("CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER)");
    tx.exec("CREATE TABLE transfers (id INTEGER)");
    tx.exec("INSERT INTO accounts VALUES (0, 1000), (1, 0)");
  });
  db.exec(std::string("PRAGMA journal_mode = ") + journal);
  db.exec("PRAGMA synchronous = OFF");
  db.disconnect();
  std::fflush(nullptr);

  pid_t children[2] = {};
  for (int p = 0; p < 2; ++p) {
    children[p] = ::fork();
    if (children[p] == 0) {
      int const status = move_money(path, p);
      std::fflush(nullptr);
      ::_exit(status);
    }
  }
  bool all = true;
  for (auto const child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    all = all && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  return sql::transact(patient(), db, [&](database& tx) {
    int const rows = tx.exec("SELECT count(*) FROM transfers");
    int const distinct = tx.exec("SELECT count(DISTINCT id) FROM transfers");
    int const first = tx.exec("SELECT balance FROM accounts WHERE id = 0");
    int const sum = tx.exec("SELECT sum(balance) FROM accounts");
    std::printf("%s: rows %d, distinct %d, first account %d, sum %d\n", journal, rows, distinct, first, sum);
    return all && rows == 2 * transfers && distinct == rows && first == 1000 - rows && sum == 1000;
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  return is_right(argv[1], "WAL") && is_right(argv[1], "DELETE") ? 0 : 1;
}
