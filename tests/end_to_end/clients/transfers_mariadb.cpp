// SPDX-License-Identifier: MIT
// transfers_mariadb.cpp: threads move money in a MariaDB, in both directions, so that they run into deadlocks and lock
// timeouts, while their connections are killed.
//
//   transfers_mariadb PORT
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <mysql.h>
#include <tenax/sql/mysql.hpp>
#include <tenax/sql/transaction.hpp>
#include <tenax/tenax.hpp>

using namespace std::chrono_literals;
namespace sql = tenax::sql;

namespace {

std::atomic<int> deadlocks{0};
std::atomic<int> timeouts{0};
std::atomic<int> losses{0};
std::atomic<bool> is_slow{false};

/// A thread that holds its locks for longer than the lock timeout of the others.
struct slow_thread {
  slow_thread() { is_slow = true; }
  ~slow_thread() { is_slow = false; }
  slow_thread(slow_thread const&) = delete;
  slow_thread& operator=(slow_thread const&) = delete;
};

// MariaDB's C library as `sql::transact` uses it.
class database {
 public:
  explicit database(unsigned port) : port_(port) {}
  database(database const&) = delete;
  database& operator=(database const&) = delete;
  ~database() { disconnect(); }

  // [database]
  database& begin() {
    if (handle_ == nullptr) {
      handle_ = mysql_init(nullptr);
      if (mysql_real_connect(handle_, "127.0.0.1", "tenax", "", "bank", port_, nullptr, 0) == nullptr) throw failure();
      exec("SET SESSION innodb_lock_wait_timeout = 1");
    }
    exec("START TRANSACTION");
    return *this;
  }
  void commit() { exec("COMMIT"); }
  void rollback() noexcept {
    if (handle_ != nullptr) mysql_query(handle_, "ROLLBACK");
  }
  void disconnect() noexcept {
    if (handle_ != nullptr) mysql_close(handle_);
    handle_ = nullptr;
  }

  int exec(std::string const& statement) {
    if (mysql_query(handle_, statement.c_str()) != 0) throw failure();
    int value = 0;
    if (auto* const rows = mysql_store_result(handle_)) {
      if (auto* const row = mysql_fetch_row(rows); row != nullptr && row[0] != nullptr) value = std::atoi(row[0]);
      mysql_free_result(rows);
    }
    return value;
  }
  // [/database]

 private:
  sql::database_error failure() const {
    auto const e = sql::mysql_error(mysql_errno(handle_));
    if (e.code == 1213) ++deadlocks;
    if (e.code == 1205) ++timeouts;
    if (e.what == sql::condition::connection_lost) ++losses;
    return {e, mysql_error(handle_)};
  }

  unsigned port_;
  MYSQL* handle_ = nullptr;
};

constexpr int threads = 4;
constexpr int transfers = 100;  // of each thread

auto patient() {
  return tenax::retrying{}
      .wait(tenax::wait::exponential({.base = 1ms, .max = 50ms}).full())
      .stop(tenax::stop::deadline(30s));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  auto const port = static_cast<unsigned>(std::atoi(argv[1]));
  mysql_library_init(0, nullptr, nullptr);
  database setup(port);
  sql::transact(patient(), setup, [](database& tx) {
    tx.exec("CREATE TABLE accounts (id INT PRIMARY KEY, balance INT) ENGINE=InnoDB");
    tx.exec("CREATE TABLE transfers (id INT, KEY (id)) ENGINE=InnoDB");
    tx.exec("INSERT INTO accounts VALUES (0, 1000), (1, 1000), (2, 1000)");
  });

  std::vector<std::thread> workers;
  for (int t = 0; t < threads; ++t) {
    workers.emplace_back([&, t] {
      mysql_thread_init();
      database db(port);
      for (int i = 0; i < transfers; ++i) {
        int const id = t * transfers + i;
        int const from = id % 3;
        int const to = (from + 1 + t % 2) % 3;
        auto const text = [](int n) { return std::to_string(n); };
        sql::transact(patient(), db,
                      [&](database& tx) {
                        tx.exec("UPDATE accounts SET balance = balance - 1 WHERE id = " + text(from));
                        tx.exec("UPDATE accounts SET balance = balance + 1 WHERE id = " + text(to));
                        tx.exec("INSERT INTO transfers VALUES (" + text(id) + ")");
                        if (t == 0 && i == 50 && timeouts == 0) {
                          slow_thread const waits;
                          tx.exec("SELECT SLEEP(1.3)");
                        }
                      },
                      {.committed = [&]() -> std::optional<bool> {
                        db.begin();
                        bool const there = db.exec("SELECT count(*) FROM transfers WHERE id = " + text(id)) != 0;
                        db.rollback();
                        return there;
                      }});
      }
      mysql_thread_end();
    });
  }
  // Kills a connection now and then, but not that of the slow thread, which would never come to its end.
  std::atomic<bool> done{false};
  std::thread killer([&] {
    mysql_thread_init();
    database db(port);
    while (!done) {
      std::this_thread::sleep_for(10ms);
      if (is_slow) continue;
      try {
        db.begin();
        int const victim = db.exec(
            "SELECT id FROM information_schema.processlist WHERE user = 'tenax' AND id <> connection_id() LIMIT 1");
        if (victim != 0) db.exec("KILL " + std::to_string(victim));
      } catch (sql::database_error const&) {
        db.disconnect();
      }
    }
    mysql_thread_end();
  });
  for (auto& w : workers) w.join();
  done = true;
  killer.join();
  setup.disconnect();

  return sql::transact(patient(), setup, [&](database& tx) {
    int const rows = tx.exec("SELECT count(*) FROM transfers");
    int const distinct = tx.exec("SELECT count(DISTINCT id) FROM transfers");
    int const sum = tx.exec("SELECT sum(balance) FROM accounts");
    std::printf("rows %d, distinct %d, sum %d, deadlocks %d, lock timeouts %d, lost connections %d\n", rows, distinct,
                sum, deadlocks.load(), timeouts.load(), losses.load());
    return rows == threads * transfers && distinct == rows && sum == 3000 && deadlocks > 0 && timeouts > 0 && losses > 0
               ? 0
               : 1;
  });
}
