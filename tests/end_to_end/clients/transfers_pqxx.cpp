// SPDX-License-Identifier: MIT
// transfers_pqxx.cpp: moves money in a PostgreSQL that restarts and crashes, through a proxy that loses every 40th
// answer to a COMMIT.
//
//   transfers_pqxx PORT MODE
//
// Makes transfers until it gets SIGTERM. The modes say what is done about a COMMIT in doubt: `find_out` asks the server
// for the transaction, `committed` looks for the row, `none` reports it, and `default` makes payments by `retrying{}`
// alone.
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <tenax/pqxx.hpp>
#include <tenax/tenax.hpp>

using namespace std::chrono_literals;
namespace sql = tenax::sql;

namespace {

sockaddr_in loopback(int port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  a.sin_port = htons(static_cast<std::uint16_t>(port));
  return a;
}

// Forwards connections to a server. After every 40th COMMIT it takes the server's answer and closes the connection.
class proxy {
 public:
  explicit proxy(int server_port) : server_port_(server_port), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    auto address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      std::perror("proxy");
      std::exit(1);
    }
    port = ntohs(address.sin_port);
    std::thread([this] { accept_all(); }).detach();
  }

  int port = 0;
  std::atomic<int> cuts{0};

 private:
  void accept_all() {
    for (;;) {
      int const client = ::accept(listener_, nullptr, nullptr);
      if (client < 0) return;
      std::thread([this, client] { forward(client); }).detach();
    }
  }

  void forward(int client) {
    int const server = ::socket(AF_INET, SOCK_STREAM, 0);
    auto const address = loopback(server_port_);
    if (::connect(server, reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0) {
      while (pass(client, server)) {
      }
    }
    ::close(client);
    ::close(server);
  }

  bool pass(int client, int server) {
    pollfd both[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    ::poll(both, 2, -1);
    char bytes[16384];
    if (both[1].revents != 0) {
      auto const n = ::recv(server, bytes, sizeof bytes, 0);
      return n > 0 && ::send(client, bytes, static_cast<std::size_t>(n), MSG_NOSIGNAL) == n;
    }
    auto const n = ::recv(client, bytes, sizeof bytes, 0);
    if (n <= 0 || ::send(server, bytes, static_cast<std::size_t>(n), MSG_NOSIGNAL) != n) return false;
    std::string_view const sent(bytes, static_cast<std::size_t>(n));
    if (sent.find("COMMIT") == sent.npos || ++commits_ % 40 != 0) return true;
    static_cast<void>(::recv(server, bytes, sizeof bytes, 0));
    ++cuts;
    return false;
  }

  int server_port_;
  int listener_;
  std::atomic<int> commits_{0};
};

constexpr int accounts = 6;
constexpr int threads = 4;
constexpr int fewest = 100;  // transfers of each thread

volatile std::sig_atomic_t enough = 0;

template <class Transaction>
void transfer(Transaction& tx, int id) {
  auto const number = [](int n) { return std::to_string(n); };
  int const from = id % accounts;
  int const to = (id * 5 + 3) % accounts;
  tx.exec("UPDATE accounts SET balance = balance - 1 WHERE id = " + number(from));
  tx.exec("UPDATE accounts SET balance = balance + 1 WHERE id = " + number(to));
  tx.exec("INSERT INTO transfers VALUES (" + number(id) + ", " + number(from) + ", " + number(to) + ")");
}

auto patient() {
  return tenax::retrying{}
      .wait(tenax::wait::exponential({.base = 2ms, .max = 200ms}).full())
      .stop(tenax::stop::deadline(30s));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  int const port = std::atoi(argv[1]);
  std::string const mode = argv[2];
  std::string const direct = "host=127.0.0.1 user=tenax dbname=postgres port=" + std::to_string(port);
  proxy lossy(port);
  std::string const target = "host=127.0.0.1 user=tenax dbname=postgres port=" + std::to_string(lossy.port);

  sql::pqxx_database<> setup(direct);
  sql::transact(patient(), setup, [](pqxx::work& tx) {
    tx.exec("DROP TABLE IF EXISTS accounts, transfers");
    tx.exec("CREATE TABLE accounts (id int PRIMARY KEY, balance int)");
    tx.exec("CREATE TABLE transfers (id int, source int, target int)");
    tx.exec("CREATE INDEX ON transfers (id)");
    tx.exec("INSERT INTO accounts SELECT i, 1000 FROM generate_series(0, " + std::to_string(accounts - 1) + ") AS i");
  });

  std::atomic<int> in_doubt{0};
  std::atomic<int> bodies{0};
  int made = 0;
  if (mode == "default") {
    made = 200;
    for (int id = 0; id < made; ++id) {
      try {
        tenax::retrying{}([&] {
          ++bodies;
          pqxx::connection c(target);
          pqxx::work tx(c);
          transfer(tx, id);
          tx.commit();
        });
      } catch (pqxx::in_doubt_error const&) {
        ++in_doubt;
      }
    }
  } else {
    std::signal(SIGTERM, [](int) { enough = 1; });
    std::atomic<int> all{0};
    std::vector<std::thread> workers;
    for (int t = 0; t < threads; ++t) {
      workers.emplace_back([&, t] {
        using serializable = pqxx::transaction<pqxx::serializable>;
        sql::pqxx_database<serializable> db(target, {.find_out = mode == "find_out"});
        auto const policy = patient();
        for (int id = t; enough == 0 || id < threads * fewest; id += threads) {
          ++all;
          sql::transaction_options options;
          if (mode == "committed") {
            options.committed = [&db, id] {
              pqxx::nontransaction asks(db.connection());
              return !asks.exec("SELECT 1 FROM transfers WHERE id = " + std::to_string(id)).empty();
            };
          }
          try {
            sql::transact(
                policy, db,
                [&](serializable& tx) {
                  ++bodies;
                  transfer(tx, id);
                },
                options);
          } catch (tenax::in_doubt_error const&) {
            ++in_doubt;
          }
        }
      });
    }
    for (auto& w : workers) w.join();
    made = all;
  }

  int const doubts = in_doubt;
  return sql::transact(patient(), setup, [&](pqxx::work& tx) {
    auto const one = [&tx](char const* query) { return tx.exec(query)[0][0].as<int>(0); };
    int const rows = one("SELECT count(*) FROM transfers");
    int const distinct = one("SELECT count(DISTINCT id) FROM transfers");
    int const sum = one("SELECT sum(balance) FROM accounts");
    int const wrong = one(
        "SELECT count(*) FROM accounts a WHERE balance <> 1000 - (SELECT count(*) FROM transfers WHERE source = a.id) "
        "+ (SELECT count(*) FROM transfers WHERE target = a.id)");
    std::printf("%s: transfers %d, rows %d, distinct %d, sum %d, wrong accounts %d, in doubt %d, cuts %d, bodies %d\n",
                mode.c_str(), made, rows, distinct, sum, wrong, doubts, lossy.cuts.load(), bodies.load());
    bool const exact = mode == "find_out" || mode == "committed";
    bool const right = distinct == rows && sum == accounts * 1000 && wrong == 0 && lossy.cuts > 0 &&
                       (exact ? rows == made && doubts == 0 : rows <= made && rows >= made - doubts && doubts > 0);
    return right ? 0 : 1;
  });
}
