// SPDX-License-Identifier: MIT
// 30_libuv.cpp: shows callback_retry in libuv's event loop: eight visitors, two at once, want to be greeted by a server
// that starts late, and that lets every third visitor wait for ever.
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <functional>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <uv.h>
#include <tenax/async/callback.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/tenax.hpp>

using namespace std::chrono_literals;

template <class Handle>
uv_handle_t* handle(Handle* h) {
  return reinterpret_cast<uv_handle_t*>(h);
}

// --- libuv for callback_retry ----------------------------------------------------------------------------------------

// [timer]
/// The timers of a loop: calls `f` once, after `d`. Returns a function that cancels the timer.
auto set_timer(uv_loop_t* loop, tenax::duration d, tenax::callback_alarm f) {
  struct one_shot {
    uv_timer_t timer;
    tenax::callback_alarm f;
  };
  auto* const it = new one_shot{{}, std::move(f)};
  it->timer.data = it;
  auto const close = [it] {
    uv_close(handle(&it->timer), [](uv_handle_t* h) { delete static_cast<one_shot*>(h->data); });
  };
  uv_update_time(loop);
  uv_timer_init(loop, &it->timer);
  auto const fire = [](uv_timer_t* t) {
    auto const alarm = static_cast<one_shot*>(t->data)->f;
    uv_close(handle(t), [](uv_handle_t* h) { delete static_cast<one_shot*>(h->data); });
    alarm();
  };
  uv_timer_start(&it->timer, fire, static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::milliseconds>(d).count()),
                 0);
  return close;
}
// [/timer]

// [loop]
/// Everything that callback_retry uses of a loop. `post` is for gates: it ends the waits of visitors early.
class event_loop {
 public:
  explicit event_loop(uv_loop_t* loop) : loop_(loop) {
    uv_async_init(loop, &wake_, [](uv_async_t* a) { static_cast<event_loop*>(a->data)->run_posted(); });
    wake_.data = this;
    uv_unref(handle(&wake_));  // it does not keep the loop running
  }
  auto operator()(tenax::duration d, tenax::callback_alarm f) { return set_timer(loop_, d, std::move(f)); }
  void post(std::function<void()> f) {
    std::lock_guard const lock(mutex_);
    posted_.push_back(std::move(f));
    uv_async_send(&wake_);
  }
  void close() { uv_close(handle(&wake_), nullptr); }

 private:
  void run_posted() {
    std::unique_lock lock(mutex_);
    auto const functions = std::exchange(posted_, {});
    lock.unlock();
    for (auto const& f : functions) f();
  }

  uv_loop_t* loop_;
  uv_async_t wake_{};
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;
};
// [/loop]

// --- an operation that calls back ------------------------------------------------------------------------------------

// [visit]
/// One connection, which reads what the server says. Deletes itself when libuv has closed it.
class visit {
 public:
  visit(uv_loop_t* loop, sockaddr_in const& server, tenax::callback_reply<std::string> reply)
      : reply_(std::move(reply)) {
    uv_tcp_init(loop, &tcp_);
    tcp_.data = connect_.data = this;
    auto const error = uv_tcp_connect(&connect_, &tcp_, reinterpret_cast<sockaddr const*>(&server), &connected);
    if (error != 0) fail(error);
  }

  void close() {
    if (uv_is_closing(handle(&tcp_)) != 0) return;
    uv_close(handle(&tcp_), [](uv_handle_t* h) { delete static_cast<visit*>(h->data); });
  }

 private:
  static void connected(uv_connect_t* request, int error) {
    auto& self = *static_cast<visit*>(request->data);
    if (error != 0) return self.fail(error);
    uv_read_start(
        reinterpret_cast<uv_stream_t*>(&self.tcp_),
        [](uv_handle_t* h, std::size_t, uv_buf_t* b) {
          auto& buffer = static_cast<visit*>(h->data)->buffer_;
          *b = uv_buf_init(buffer.data(), static_cast<unsigned>(buffer.size()));
        },
        [](uv_stream_t* s, ssize_t size, uv_buf_t const*) {
          auto& me = *static_cast<visit*>(s->data);
          if (size < 0) return me.fail(static_cast<int>(size));
          me.close();
          me.reply_(std::string(me.buffer_.data(), static_cast<std::size_t>(size)));
        });
  }
  void fail(int error) {
    close();
    reply_.fail(std::system_error(-error, std::generic_category()));
  }

  uv_tcp_t tcp_{};
  uv_connect_t connect_{};
  std::array<char, 64> buffer_{};
  tenax::callback_reply<std::string> reply_;
};
// [/visit]

// --- the server ------------------------------------------------------------------------------------------------------

/// Owns a port from the beginning, and listens on it later.
class late_server {
 public:
  explicit late_server(uv_loop_t* loop) {
    uv_ip4_addr("127.0.0.1", 0, &address_);
    uv_tcp_init(loop, &tcp_);
    tcp_.data = this;
    uv_tcp_bind(&tcp_, reinterpret_cast<sockaddr const*>(&address_), 0);
    int size = sizeof address_;
    uv_tcp_getsockname(&tcp_, reinterpret_cast<sockaddr*>(&address_), &size);
  }
  [[nodiscard]] sockaddr_in const& address() const { return address_; }
  void listen() {
    uv_listen(reinterpret_cast<uv_stream_t*>(&tcp_), 16, [](uv_stream_t* s, int) {
      auto& self = *static_cast<late_server*>(s->data);
      auto* const client = new uv_tcp_t;
      uv_tcp_init(s->loop, client);
      uv_accept(s, reinterpret_cast<uv_stream_t*>(client));
      self.clients_.push_back(client);
      static char hello[] = "hello";
      auto const text = uv_buf_init(hello, 5);
      if (self.clients_.size() % 3 != 0) uv_try_write(reinterpret_cast<uv_stream_t*>(client), &text, 1);
    });
  }
  void close() {
    uv_close(handle(&tcp_), nullptr);
    for (auto* const c : clients_) {
      uv_close(handle(c), [](uv_handle_t* h) { delete reinterpret_cast<uv_tcp_t*>(h); });
    }
  }

 private:
  sockaddr_in address_{};
  uv_tcp_t tcp_{};
  std::vector<uv_tcp_t*> clients_;
};

int main() {
  auto* const uv = uv_default_loop();
  event_loop loop(uv);
  late_server server(uv);
  uv_timer_t opening;
  uv_timer_init(uv, &opening);
  opening.data = &server;
  uv_timer_start(&opening, [](uv_timer_t* t) { static_cast<late_server*>(t->data)->listen(); }, 30, 0);

  // [call]
  tenax::bulkhead door({.at_once = 2, .queue = 8});
  auto const patient = tenax::retrying{}
                           .when(tenax::when::exception<std::system_error, tenax::attempt_timed_out>)
                           .wait(tenax::wait::constant(10ms))
                           .attempt_timeout(100ms)
                           .stop(tenax::stop::after_attempts(100))
                           .through(std::ref(door));
  auto const start = [&](auto reply) {
    auto* const v = new visit(uv, server.address(), reply);
    return [v] { v->close(); };  // for a visitor that waits for too long
  };

  int greeted = 0;
  int too_slow = 0;
  int left = 8;
  std::vector<tenax::callback_call> calls;
  auto const counting = patient.after_attempt([&](tenax::attempt<std::string> const& a) {
    if (a.result.exception_as<tenax::attempt_timed_out>() != nullptr) ++too_slow;
  });
  for (int i = 0; i < 8; ++i) {
    calls.push_back(tenax::callback_retry(counting, std::ref(loop), start, [&](tenax::report<std::string> const& r) {
      if (r.has_value() && r.result.value() == "hello") ++greeted;
      if (--left == 0) {
        server.close();
        uv_close(handle(&opening), nullptr);
      }
    }));
  }
  uv_run(uv, UV_RUN_DEFAULT);
  // [/call]

  loop.close();
  uv_run(uv, UV_RUN_DEFAULT);
  std::printf("%d of 8 visitors were greeted; %d visits were ended because they took too long\n", greeted, too_slow);
  return uv_loop_close(uv) == 0 && greeted == 8 ? 0 : 1;
}
