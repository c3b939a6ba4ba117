// SPDX-License-Identifier: MIT
// async.cpp: the cost of a call that is retried in standalone Asio, or in a coroutine library of the tests, on one
// thread and in virtual time: with the library (-DLIBRARY), with a hand-written function that retries any operation
// (-DFUNCTION), and with a loop around the operation, in the coroutine that wants its result (-DLOOP). With -DLOOP
// -DFORWARD, the operation of values_once is awaited in a coroutine that only passes its result on.
// `async NAME COUNT`
//
//     NAME         the operation is                    and
//     values       a coroutine                         fails twice by its value, and the call waits after that
//     throws       a coroutine                         fails twice by an exception
//     initiates    an initiating function              fails twice by its error code
//     task         a coroutine of the tests' library   fails twice by its value
//     task_throws  a coroutine of the tests' library   fails twice by an exception
//     NAME_once    the same                            succeeds in the first attempt; no loop is needed
//
// Prints allocations, bytes and nanoseconds for one of COUNT calls. Allocations and bytes are counted in a program that
// is built with -DCOUNTS, and without Asio's recycling of memory, which would hide them: for waiting calls, the memory
// that is allocated while all of them wait; for others, everything that is allocated.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <tenax/asio.hpp>
#include <tenax/coroutine.hpp>
#include <tenax/tenax.hpp>

#include "../../scheduler.hpp"

#ifdef COUNTS
#include <malloc.h>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);
}

#endif

namespace {

struct {
  long made = 0;
  long live = 0;
  long bytes_made = 0;
  long bytes_live = 0;
} memory;

}  // namespace

#ifdef COUNTS
// Counted at the level of malloc, because Asio asks for aligned memory, and exceptions use malloc.
namespace {

void* counted(void* p) {
  auto const bytes = static_cast<long>(malloc_usable_size(p));
  ++memory.made;
  ++memory.live;
  memory.bytes_made += bytes;
  memory.bytes_live += bytes;
  return p;
}

}  // namespace

extern "C" {
void* malloc(std::size_t size) { return counted(__libc_malloc(size)); }
void* aligned_alloc(std::size_t align, std::size_t size) { return counted(__libc_memalign(align, size)); }
void free(void* p) {
  if (p == nullptr) return;
  --memory.live;
  memory.bytes_live -= static_cast<long>(malloc_usable_size(p));
  __libc_free(p);
}
}
#endif

namespace {

/// A clock that only moves when it is told to.
struct still_clock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<still_clock>;
  [[maybe_unused]] static constexpr bool is_steady = true;

  static time_point now() noexcept { return current; }
  static inline time_point current{};
};

}  // namespace

template <>
struct asio::wait_traits<still_clock> {
  static still_clock::duration to_wait_duration(still_clock::duration) { return {}; }
  static still_clock::duration to_wait_duration(still_clock::time_point) { return {}; }
};

namespace {

using namespace std::chrono_literals;
using asio::awaitable;
using asio::error_code;
using asio::use_awaitable;
using tests::task;

struct network_error : std::exception {};

asio::io_context io;
tests::scheduler tasks;
long good = 0;

/// The server of the operations. They differ only in how a failure is reported.
struct server {
  int failures;
  bool answers() { return failures-- <= 0; }
};

awaitable<int> ask(server& s) { co_return s.answers() ? 1 : -1; }
awaitable<int> ask_or_throw(server& s) {
  if (!s.answers()) throw network_error();
  co_return 1;
}
task<int> ask_task(server& s) { co_return s.answers() ? 1 : -1; }
task<int> ask_task_or_throw(server& s) {
  if (!s.answers()) throw network_error();
  co_return 1;
}
template <class Token>
auto ask_then(server& s, Token&& token) {
  return asio::async_initiate<Token, void(error_code, int)>(
      [&s](auto handler) {
        asio::post(io, [error = s.answers() ? error_code() : error_code(asio::error::connection_refused),
                        handler = std::move(handler)]() mutable { std::move(handler)(error, error ? -1 : 1); });
      },
      token);
}

#ifdef LIBRARY

/// The environment whose timers run on that clock.
struct still_time {
  using clock = still_clock;
  static tenax::time_point now() noexcept { return tenax::time_point(still_clock::now().time_since_epoch()); }
  static void sleep(tenax::duration) { std::abort(); }
};

constexpr auto polite = tenax::retrying{}
                            .wait(tenax::wait::exponential({.base = 100ms, .max = 5s}).full())
                            .stop(tenax::stop::after_attempts(5))
                            .environment(still_time());
constexpr auto by_value = polite.when(tenax::when::result([](int n) { return n < 0; }));
constexpr auto by_exception = polite.when(tenax::when::exception<network_error>);
constexpr auto by_error = polite.when(tenax::when::error(asio::error::connection_refused));

awaitable<void> values(server s, bool) {
  good += co_await tenax::asio::async_retry(by_value, [&] { return ask(s); });
}
awaitable<void> throws(server s, bool) {
  good += co_await tenax::asio::async_retry(by_exception, [&] { return ask_or_throw(s); });
}
void initiates(server& s, bool) {
  tenax::asio::async_retry(
      io, by_error, [&s](auto token) { return ask_then(s, std::move(token)); }, [](error_code, int n) { good += n; });
}
task<void> in_task(server s, bool) {
  good += co_await tenax::coroutine::retry<task>(by_value, std::ref(tasks), [&] { return ask_task(s); });
}
task<void> in_task_throws(server s, bool) {
  good += co_await tenax::coroutine::retry<task>(by_exception, std::ref(tasks), [&] { return ask_task_or_throw(s); });
}

#else

constexpr int most_attempts = 5;

std::chrono::nanoseconds backoff(int attempt) {
  thread_local std::mt19937_64 engine(std::random_device{}());
  auto const most = std::min<std::chrono::nanoseconds>(100ms * (1 << (attempt - 1)), 5s);
  return std::chrono::nanoseconds(std::uniform_int_distribution<std::int64_t>(0, most.count())(engine));
}

using timer = asio::basic_waitable_timer<still_clock, asio::wait_traits<still_clock>, asio::any_io_executor>;

template <class Handler>
class call : public std::enable_shared_from_this<call<Handler>> {
 public:
  call(server& s, Handler handler) : server_(s), pause_(io), handler_(std::move(handler)) {}

  void attempt() {
    ask_then(server_, [self = this->shared_from_this()](error_code e, int n) { self->answered(e, n); });
  }

 private:
  void answered(error_code e, int n) {
    if (e != asio::error::connection_refused || attempts_ == most_attempts) return handler_(e, n);
    pause_.expires_after(backoff(attempts_++));
    pause_.async_wait([self = this->shared_from_this()](error_code error) {
      if (error) return self->handler_(error, 0);
      self->attempt();
    });
  }

  server& server_;
  timer pause_;
  Handler handler_;
  int attempts_ = 1;
};

void initiates(server& s, [[maybe_unused]] bool once) {
  auto const done = [](error_code, int n) { good += n; };
#ifndef FUNCTION
  if (once) return ask_then(s, done);
#endif
  std::make_shared<call<std::remove_const_t<decltype(done)>>>(s, done)->attempt();
}

#ifdef FUNCTION

template <class F>
awaitable<int> retried(F f) {
  timer pause(co_await asio::this_coro::executor);
  for (int n = 1;; ++n) {
    int const answer = co_await f();
    if (answer >= 0 || n == most_attempts) co_return answer;
    pause.expires_after(backoff(n));
    co_await pause.async_wait(use_awaitable);
  }
}

template <class F>
awaitable<int> retried_after_throws(F f) {
  timer pause(co_await asio::this_coro::executor);
  for (int n = 1;; ++n) {
    try {
      co_return co_await f();
    } catch (network_error const&) {
      if (n == most_attempts) throw;
    }
    pause.expires_after(backoff(n));
    co_await pause.async_wait(use_awaitable);
  }
}

template <class F>
task<int> retried_task(F f) {
  for (int n = 1;; ++n) {
    int const answer = co_await f();
    if (answer >= 0 || n == most_attempts) co_return answer;
    co_await tasks(backoff(n));
  }
}

template <class F>
task<int> retried_task_after_throws(F f) {
  for (int n = 1;; ++n) {
    try {
      co_return co_await f();
    } catch (network_error const&) {
      if (n == most_attempts) throw;
    }
    co_await tasks(backoff(n));
  }
}

awaitable<void> values(server s, bool) {
  good += co_await retried([&] { return ask(s); });
}
awaitable<void> throws(server s, bool) {
  good += co_await retried_after_throws([&] { return ask_or_throw(s); });
}
task<void> in_task(server s, bool) {
  good += co_await retried_task([&] { return ask_task(s); });
}
task<void> in_task_throws(server s, bool) {
  good += co_await retried_task_after_throws([&] { return ask_task_or_throw(s); });
}

#else

#ifdef FORWARD
/// The least that a function around an operation can be: a coroutine that passes the result on.
template <class F>
awaitable<int> forwarded(F f) {
  co_return co_await f();
}
#endif

awaitable<void> values(server s, bool once) {
  if (once) {
#ifdef FORWARD
    good += co_await forwarded([&] { return ask(s); });
#else
    good += co_await ask(s);
#endif
    co_return;
  }
  timer pause(co_await asio::this_coro::executor);
  for (int n = 1;; ++n) {
    int const answer = co_await ask(s);
    if (answer >= 0 || n == most_attempts) {
      good += answer;
      co_return;
    }
    pause.expires_after(backoff(n));
    co_await pause.async_wait(use_awaitable);
  }
}

awaitable<void> throws(server s, bool once) {
  if (once) {
    good += co_await ask_or_throw(s);
    co_return;
  }
  timer pause(co_await asio::this_coro::executor);
  for (int n = 1;; ++n) {
    try {
      good += co_await ask_or_throw(s);
      co_return;
    } catch (network_error const&) {
      if (n == most_attempts) throw;
    }
    pause.expires_after(backoff(n));
    co_await pause.async_wait(use_awaitable);
  }
}

task<void> in_task(server s, bool once) {
  if (once) {
    good += co_await ask_task(s);
    co_return;
  }
  for (int n = 1;; ++n) {
    int const answer = co_await ask_task(s);
    if (answer >= 0 || n == most_attempts) {
      good += answer;
      co_return;
    }
    co_await tasks(backoff(n));
  }
}

task<void> in_task_throws(server s, bool once) {
  if (once) {
    good += co_await ask_task_or_throw(s);
    co_return;
  }
  for (int n = 1;; ++n) {
    try {
      good += co_await ask_task_or_throw(s);
      co_return;
    } catch (network_error const&) {
      if (n == most_attempts) throw;
    }
    co_await tasks(backoff(n));
  }
}

#endif
#endif

/// The calls to make, and the storage for them.
struct work {
  char const* name;
  int failures;
  long count;
  std::vector<server> servers{};
  std::vector<task<void>> started{};

  [[nodiscard]] bool is(char const* what) const { return std::strncmp(name, what, std::strlen(what)) == 0; }
  [[nodiscard]] bool once() const { return failures == 0; }

  void start() {
    servers.clear();
    started.clear();
    servers.resize(static_cast<std::size_t>(count), server{failures});
    started.reserve(static_cast<std::size_t>(count));
  }
};

}  // namespace

extern "C" {

/// Starts all calls, and runs until each waits or has ended.
[[gnu::noinline]] void measured_start(work& w) {
  // Calls that do not wait run one after the other: the figure is the cost of a call, not of cache misses.
  for (auto& s : w.servers) {
    if (w.is("initiates")) {
      initiates(s, w.once());
    } else if (w.is("task")) {
      w.started.push_back(w.is("task_throws") ? in_task_throws(s, w.once()) : in_task(s, w.once()));
      w.started.back().start();
    } else {
      asio::co_spawn(io, w.is("throws") ? throws(s, w.once()) : values(s, w.once()), asio::detached);
    }
    if (w.once()) {
      io.restart();
      io.poll();
    }
  }
  io.restart();
  io.poll();
}

/// Lets all waiting calls go on until they have ended.
[[gnu::noinline]] void measured_end(work& w) {
  for (int i = 0; i < w.failures; ++i) {
    still_clock::current += 10s;
    io.restart();
    io.poll();
  }
  tasks.run();
}

}  // extern "C"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  work w{argv[1], std::strstr(argv[1], "_once") != nullptr ? 0 : 2, 1};
  w.start();
  measured_start(w);
  measured_end(w);

  w.count = std::atol(argv[2]);
  w.start();
  good = 0;
  auto const before = memory;
  auto const begun = std::clock();
  measured_start(w);
  auto const after = memory;
  measured_end(w);
  auto const ended = std::clock();

  auto const each = [&](auto n) { return static_cast<double>(n) / static_cast<double>(w.count); };
  std::printf("%.2f %.0f %.0f\n", each(w.once() ? after.made - before.made : after.live - before.live),
              each(w.once() ? after.bytes_made - before.bytes_made : after.bytes_live - before.bytes_live),
              each(ended - begun) * 1e9 / CLOCKS_PER_SEC);
  return good == w.count ? 0 : 1;
}
