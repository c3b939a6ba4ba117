#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# libmosquitto 2.0.11 (Debian 12): all clients of a broker that restarts come back in the same moment.
#
# mosquitto_loop_start() and mosquitto_loop_forever() reconnect by themselves, after `reconnect_delay`: 1 s unless
# mosquitto_reconnect_delay_set() says otherwise, exactly, and without jitter. All clients lose their connections when the
# broker dies, so all of them knock at its door one second later, and again after each further second. The exponential
# back-off of mosquitto_reconnect_delay_set() does not help, because it grows in the same steps in every client. A fleet of
# sensors behind TLS takes down the broker that has just come back.
#
# Seen: of 50 clients in as many threads, all 50 connect within 100 ms, one second after the broker was killed.
set -euo pipefail
dir=$(mktemp -d)
broker=
trap '[ -z "$broker" ] || kill -9 "$broker" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
cat >clients.cpp <<'CPP'
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <mosquitto.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using clock_type = std::chrono::steady_clock;

int main(int, char** argv) {
  constexpr int count = 50;
  int const port = std::atoi(argv[1]);
  pid_t const broker = std::atoi(argv[2]);
  static std::atomic<int> connected{0};
  mosquitto_lib_init();
  std::vector<mosquitto*> clients;
  for (int i = 0; i < count; ++i) {
    clients.push_back(mosquitto_new(nullptr, true, nullptr));
    mosquitto_connect_callback_set(clients.back(), [](mosquitto*, void*, int) { ++connected; });
    if (mosquitto_connect(clients.back(), "127.0.0.1", port, 60) != MOSQ_ERR_SUCCESS) return 2;
    mosquitto_loop_start(clients.back());
  }
  while (connected < count) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  kill(broker, SIGKILL);
  auto const died = clock_type::now();

  // In the place of the broker: notes when somebody connects.
  int const door = socket(AF_INET, SOCK_STREAM, 0);
  int const on = 1;
  setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<unsigned short>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int i = 0; bind(door, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0; ++i) {
    if (i == 100) return 2;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  listen(door, 1000);
  std::vector<int> arrivals;
  while (arrivals.size() < count) {
    if (accept(door, nullptr, nullptr) < 0) return 2;
    arrivals.push_back(static_cast<int>((clock_type::now() - died) / std::chrono::milliseconds(1)));
  }
  long most = 0;
  for (auto const first : arrivals) {
    most = std::max<long>(most, std::count_if(arrivals.begin(), arrivals.end(),
                                              [&](int a) { return a >= first && a < first + 100; }));
  }
  std::printf("%ld of %d clients connect within 100 ms; the first one %d ms after the broker died\n", most, count,
              arrivals.front());
  std::fflush(stdout);
  bool const same = most >= count * 9 / 10 && arrivals.front() >= 900 && arrivals.front() < 2000;
  std::puts(same ? "as described" : "CHANGED");
  std::fflush(stdout);
  _exit(same ? 0 : 1);
}
CPP
g++ -std=c++20 -O1 clients.cpp -lmosquitto -pthread -o clients
port=$((20000 + RANDOM % 10000))
PATH=$PATH:/usr/sbin mosquitto -p "$port" >/dev/null 2>&1 &
broker=$!
for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.05; done
timeout 30 ./clients "$port" "$broker"
