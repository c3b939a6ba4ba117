// SPDX-License-Identifier: MIT
// 36_reconnect_mqtt.cpp: an MQTT client in one thread, with its own loop. The broker is killed and restarted meanwhile;
// a reconnect_schedule says when to connect again, and no thread sleeps.
#include <chrono>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>

#include <tenax/reconnect.hpp>
#include <tenax/tenax.hpp>

#include <mosquitto.h>

#include "child_server.hpp"

using namespace std::chrono_literals;

namespace {

class subscriber {
 public:
  explicit subscriber(int port) : port_(port), client_(mosquitto_new(nullptr, true, this)) {
    // [connected]
    mosquitto_connect_callback_set(client_, [](mosquitto* m, void* self, int code) {
      if (code != 0) return;  // refused: the loop fails
      auto& s = *static_cast<subscriber*>(self);
      ++s.connections;
      s.schedule_.connected(tenax::real_time::now());
      mosquitto_subscribe(m, nullptr, "visits", 1);  // for every connection
    });
    // [/connected]
    mosquitto_subscribe_callback_set(client_, [](mosquitto* m, void*, int, int, int const*) {
      mosquitto_publish(m, nullptr, "visits", 5, "hello", 1, false);
    });
    mosquitto_publish_callback_set(client_,
                                   [](mosquitto*, void* self, int) { ++static_cast<subscriber*>(self)->confirmed; });
    mosquitto_message_callback_set(
        client_, [](mosquitto*, void* self, mosquitto_message const*) { ++static_cast<subscriber*>(self)->messages; });
    due_ = tenax::real_time::now();
  }
  ~subscriber() { mosquitto_destroy(client_); }
  subscriber(subscriber const&) = delete;
  subscriber& operator=(subscriber const&) = delete;

  // [loop]
  /// One turn of the loop: connects if that is due, or reads and writes.
  void turn() {
    if (due_) {
      if (tenax::real_time::now() < *due_) {
        mosquitto_loop(client_, 5, 1);  // a program has other things to do here
        return;
      }
      due_.reset();
      ++attempts;
      if (mosquitto_connect(client_, "127.0.0.1", port_, 60) != MOSQ_ERR_SUCCESS) return failed();
    }
    if (mosquitto_loop(client_, 5, 1) != MOSQ_ERR_SUCCESS) failed();
  }
  // [/loop]

  // [publish]
  /// Publishes, at least once. MOSQ_ERR_NO_CONN: the message is sent when the client is connected.
  void publish(std::string const& text) {
    auto const size = static_cast<int>(text.size());
    int const code = mosquitto_publish(client_, nullptr, "outages", size, text.data(), 1, false);
    if (code != MOSQ_ERR_SUCCESS && code != MOSQ_ERR_NO_CONN) throw std::runtime_error(mosquitto_strerror(code));
  }
  // [/publish]

  int attempts = 0;
  int connections = 0;
  int messages = 0;   ///< of the topic "visits"
  int confirmed = 0;  ///< messages that the broker has taken

 private:
  // [failed]
  void failed() {
    auto const now = tenax::real_time::now();
    due_ = now + schedule_.failed(now);
  }
  // [/failed]

  int port_;
  mosquitto* client_;
  // A client of a real broker keeps the default waits, which begin with up to 5 s. Here they are short.
  tenax::reconnect_schedule<tenax::wait::jittered<tenax::wait::exponential_strategy, tenax::wait::full_jitter>>
      schedule_{tenax::wait::exponential({.base = 50ms, .max = 500ms}).full(), {.healthy_after = 1s}};
  std::optional<tenax::time_point> due_{};
};

}  // namespace

int main() {
  if (!is_installed("mosquitto") && ::access("/usr/sbin/mosquitto", X_OK) != 0) {
    std::puts("skipped: this machine has no mosquitto");
    return 0;
  }
  mosquitto_lib_init();
  int const port = free_port();
  child_server broker({is_installed("mosquitto") ? "mosquitto" : "/usr/sbin/mosquitto", "-p", std::to_string(port)});
  bool good = true;
  {
    subscriber client(port);
    auto const ends = std::chrono::steady_clock::now() + 30s;
    auto const until = [&](int messages, int confirmed) {
      auto const done = [&] { return client.messages >= messages && client.confirmed >= confirmed; };
      while (!done() && std::chrono::steady_clock::now() < ends) client.turn();
    };
    until(1, 1);
    broker.kill();
    auto const back = std::chrono::steady_clock::now() + 200ms;
    while (std::chrono::steady_clock::now() < back) client.turn();
    client.publish("the broker was away");
    broker.start();
    until(2, 3);
    std::printf("%d messages through %d connections; %d attempts to connect\n", client.messages, client.connections,
                client.attempts);
    std::printf("%d messages taken by the broker, one of them from the time without it\n", client.confirmed);
    good = client.messages == 2 && client.confirmed == 3 && client.connections == 2 && client.attempts < 40;
  }
  mosquitto_lib_cleanup();
  return good ? 0 : 1;
}
