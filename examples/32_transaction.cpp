// SPDX-License-Identifier: MIT
// 32_transaction.cpp: shows a whole transaction with retries, in SQLite: a lock that is waited for, and a snapshot that
// is too old, after which the transaction runs again.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <sqlite3.h>
#include <tenax/sql/sqlite.hpp>
#include <tenax/sql/transaction.hpp>
#include <tenax/tenax.hpp>

using namespace std::chrono_literals;

namespace {

// [database]
/// SQLite as tenax::sql::transact uses it.
class database {
 public:
  explicit database(char const* path) : path_(path) {}
  database(database const&) = delete;
  database& operator=(database const&) = delete;
  ~database() { disconnect(); }

  database& begin() {
    if (db_ == nullptr && sqlite3_open(path_, &db_) != SQLITE_OK) fail();
    run("BEGIN");
    return *this;
  }
  void commit() { run("COMMIT"); }
  void rollback() noexcept {
    if (db_ != nullptr && sqlite3_get_autocommit(db_) == 0) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  void disconnect() noexcept {
    rollback();
    sqlite3_close(db_);
    db_ = nullptr;
  }

  // Returns the first number of the result.
  int run(std::string const& statement) {
    int number = 0;
    auto const take = [](void* into, int, char** texts, char**) {
      if (texts[0] != nullptr) *static_cast<int*>(into) = std::atoi(texts[0]);
      return 0;
    };
    if (sqlite3_exec(db_, statement.c_str(), take, &number, nullptr) != SQLITE_OK) fail();
    return number;
  }

 private:
  [[noreturn]] void fail() const {
    auto const error = tenax::sql::sqlite_error(sqlite3_extended_errcode(db_));
    throw tenax::sql::database_error(
        error, error.what == tenax::sql::condition::conflict ? "the snapshot is too old" : sqlite3_errmsg(db_));
  }

  char const* path_;
  sqlite3* db_ = nullptr;
};
// [/database]

}  // namespace

int main() {
  std::string path = std::filesystem::temp_directory_path() / "tenax_bank_XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return 1;
  std::string const file = path + "/bank.db";
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(1ms)).before_sleep(tenax::log_to(stdout));
  {
    database mine(file.c_str());
    database other(file.c_str());
    tenax::sql::transact(policy, mine, [](database& tx) {
      tx.run("CREATE TABLE account (balance INTEGER)");
      tx.run("INSERT INTO account VALUES (100)");
    });
    mine.run("PRAGMA journal_mode = WAL");

    // Another connection writes after this transaction has read.
    int runs = 0;
    int const left = tenax::sql::transact(policy, mine, [&](database& tx) {
      int const balance = tx.run("SELECT balance FROM account");
      if (++runs == 1) {
        tenax::sql::transact(policy, other, [](database& t) { t.run("UPDATE account SET balance = balance + 7"); });
      }
      tx.run("UPDATE account SET balance = " + std::to_string(balance - 50));
      return tx.run("SELECT balance FROM account");
    });
    std::printf("%d are left, after %d runs\n", left, runs);

    // Another connection has the lock; its transaction ends while this one waits.
    other.begin().run("UPDATE account SET balance = balance + 1");
    auto const patient = policy.before_sleep([&](auto const&) { other.commit(); });
    tenax::sql::transact(patient, mine, [](database& tx) { tx.run("UPDATE account SET balance = balance + 1"); });
    std::printf("%d are left\n", mine.run("SELECT balance FROM account"));
  }
  for (auto const* suffix : {"", "-wal", "-shm"}) std::remove((file + suffix).c_str());
  std::remove(path.c_str());
}
