// SPDX-License-Identifier: MIT
// 20_curl_multi.cpp: shows callback_retry in a real event loop: libevent and libcurl's multi interface fetch a hundred
// pages at the same time, in one thread and through a rate limiter, from a server that fails for a while.
//
//   20_curl_multi                          with a server in this program
//   20_curl_multi --url http://host:port   with another one: GET /pages/1 ... /pages/100
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include <curl/curl.h>
#include <event2/event.h>
#include <httplib.h>
#include <tenax/async/callback.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/http.hpp>
#include <tenax/http/curl.hpp>
#include <tenax/observe/counters.hpp>

#include "loopback.hpp"

namespace http = tenax::http;
using namespace std::chrono_literals;

constexpr int pages = 100;

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
/// Owns an object of a C library, and frees it with `Free`.
template <class T, auto Free>
using owned = std::unique_ptr<T, freed_by<Free>>;

// --- libevent --------------------------------------------------------------------------------------------------------

owned<event_base, event_base_free> make_loop() {
  // Without these flags, a timer starts when the loop woke, on a clock that may be 4 ms late, and fires too early.
  owned<event_config, event_config_free> const config(event_config_new());
  event_config_set_flag(config.get(), EVENT_BASE_FLAG_NO_CACHE_TIME);
  event_config_set_flag(config.get(), EVENT_BASE_FLAG_PRECISE_TIMER);
  owned<event_base, event_base_free> loop(event_base_new_with_config(config.get()));
  if (!loop) throw std::runtime_error("no event loop");
  return loop;
}

void set(event* timer, tenax::duration d) {
  auto const time = std::chrono::ceil<std::chrono::microseconds>(d).count();
  timeval const in{time / 1'000'000, time % 1'000'000};
  evtimer_add(timer, &in);
}

// [timer]
/// The timers of libevent: calls `f` once, after `d`. Returns a function that cancels the timer.
auto timers_of(event_base* loop) {
  struct one_shot {
    tenax::callback_alarm f;
    owned<event, event_free> timer;
  };
  return [loop](tenax::duration d, tenax::callback_alarm f) {
    auto const fire = [](evutil_socket_t, short, void* it) {
      std::unique_ptr<one_shot>(static_cast<one_shot*>(it))->f();
    };
    auto* const it = new one_shot{std::move(f), {}};
    it->timer.reset(evtimer_new(loop, fire, it));
    set(it->timer.get(), d);
    return [it] { delete it; };
  };
}
// [/timer]

// --- libcurl on libevent ---------------------------------------------------------------------------------------------

/// The transfers that are under way. Not movable: libcurl and libevent store its address.
class transfers {
 public:
  explicit transfers(event_base* loop)
      : loop_(loop), timer_(evtimer_new(loop, &time_out, this)), multi_(curl_multi_init()) {
    curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &watch);
    curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, &set_timer);
    curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
  }

  /// Performs the transfer that `easy` is set up for, and then calls `done`.
  void start(CURL* easy, std::function<void(CURLcode)> done) {
    auto const error = curl_multi_add_handle(multi_.get(), easy);
    if (error != CURLM_OK) throw std::runtime_error(curl_multi_strerror(error));
    running_.emplace(easy, std::move(done));
  }
  void abandon(CURL* easy) {
    if (running_.erase(easy) != 0) curl_multi_remove_handle(multi_.get(), easy);
  }
  [[nodiscard]] std::size_t running() const { return running_.size(); }

 private:
  static int watch(CURL*, curl_socket_t socket, int what, void* self, void*) {
    auto& me = *static_cast<transfers*>(self);
    if (what == CURL_POLL_REMOVE) {
      me.sockets_.erase(socket);
    } else {
      auto const events = ((what & CURL_POLL_IN) != 0 ? EV_READ : 0) | ((what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0);
      auto& watched = me.sockets_[socket];
      watched.reset(event_new(me.loop_, socket, static_cast<short>(events | EV_PERSIST), &ready, self));
      event_add(watched.get(), nullptr);
    }
    return 0;
  }
  static int set_timer(CURLM*, long ms, void* self) {
    auto& me = *static_cast<transfers*>(self);
    if (ms < 0) {
      evtimer_del(me.timer_.get());
    } else {
      set(me.timer_.get(), std::chrono::milliseconds(ms));  // even for 0: libcurl must not be called from here
    }
    return 0;
  }
  static void time_out(evutil_socket_t, short, void* self) {
    static_cast<transfers*>(self)->act(CURL_SOCKET_TIMEOUT, 0);
  }
  static void ready(evutil_socket_t socket, short events, void* self) {
    static_cast<transfers*>(self)->act(
        socket, ((events & EV_READ) != 0 ? CURL_CSELECT_IN : 0) | ((events & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0));
  }

  void act(curl_socket_t socket, int what) {
    int number = 0;
    curl_multi_socket_action(multi_.get(), socket, what, &number);
    while (auto const* const message = curl_multi_info_read(multi_.get(), &number)) {
      auto const code = message->data.result;
      auto ended = running_.extract(message->easy_handle);
      curl_multi_remove_handle(multi_.get(), ended.key());  // this also removes the message
      ended.mapped()(code);
    }
  }

  event_base* loop_;
  owned<event, event_free> timer_;
  std::map<curl_socket_t, owned<event, event_free>> sockets_;
  std::map<CURL*, std::function<void(CURLcode)>> running_;
  owned<CURLM, curl_multi_cleanup> multi_;  // last member: its destructor closes sockets, and calls back
};

// --- a request, and its retries --------------------------------------------------------------------------------------

// [fetch]
/// One page: a handle for all its attempts, one after the other. Destroying it ends the transfer. Cannot be moved.
class fetch {
 public:
  template <class Policy, class Done>
  fetch(event_base* loop, transfers& all, Policy const& policy, std::string const& url, Done done)
      : easy_(curl_easy_init()) {
    curl_easy_setopt(easy_.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy_.get(), CURLOPT_NOSIGNAL, 1L);

    auto const start = [this, &all](auto reply) {
      transfer_.emplace(easy_.get());
      all.start(easy_.get(),
                [this, reply](CURLcode code) { reply(tenax::capture([&] { return transfer_->finish(code); })); });
      return [this, &all] {  // for an attempt that takes too long
        all.abandon(easy_.get());
        return transfer_->finish(CURLE_OPERATION_TIMEDOUT);
      };
    };
    call_ = tenax::callback_retry<http::curl_response>(policy, timers_of(loop), start, std::move(done));
  }

 private:
  owned<CURL, curl_easy_cleanup> easy_;
  std::optional<http::curl_transfer> transfer_;
  tenax::callback_call call_;  // last member: its destructor aborts the transfer
};
// [/fetch]

int run(std::string const& url) {
  // [run]
  auto const loop = make_loop();
  transfers all(loop.get());
  tenax::rate_limiter limiter(tenax::per_second(200).with_burst(20));
  tenax::counters totals;
  auto const policy = http::standard_retry().attempt_timeout(5s).through(std::ref(limiter)).observe(std::ref(totals));

  int fetched = 0;
  std::deque<fetch> fetches;
  for (int page = 1; page <= pages; ++page) {
    auto const count = [&](auto const& report) { fetched += report.succeeded() ? 1 : 0; };
    fetches.emplace_back(loop.get(), all, policy, url + "/pages/" + std::to_string(page), count);
  }
  std::printf("%zu transfers are under way, and %zu wait for the limiter\n", all.running(), pages - all.running());
  event_base_dispatch(loop.get());  // until there are no more events
  // [/run]

  auto const all_of_it = totals.read();
  std::printf("%d of %d pages, with %d attempts; %d calls gave up\n", fetched, pages,
              static_cast<int>(all_of_it.attempts), static_cast<int>(all_of_it.gave_up));
  return all.running() == 0 && all_of_it.succeeded + all_of_it.gave_up == pages ? 0 : 1;
}

// --- the server: of ten pages, three fail at their first request, and one does not exist -----------------------------

class moody_pages {
 public:
  void set_up(httplib::Server& server) {
    server.new_task_queue = [] { return new httplib::ThreadPool(pages); };  // a thread for each connection
    server.Get(R"(/pages/\d*(\d))", [this](httplib::Request const& request, httplib::Response& r) {
      char const last = std::string(request.matches[1])[0];
      bool const first = is_first(request.path);
      if (first && last == '5') {  // announces a hundred bytes, and breaks the connection
        return r.set_content_provider(100, "text/plain", [](auto, auto, auto&) { return false; });
      }
      r.set_content("a page\n", "text/plain");
      if (first && last == '1') r.status = 503;
      if (first && last == '3') {
        r.status = 429;
        r.set_header("Retry-After", "1");
      }
      if (last == '9') r.status = 404;
    });
  }

 private:
  bool is_first(std::string const& path) {
    std::lock_guard const lock(mutex_);
    return asked_.insert(path).second;
  }

  std::mutex mutex_;
  std::set<std::string> asked_;
};

// ---------------------------------------------------------------------------------------------------------------------

/// Initializes libcurl before there are threads, and cleans up after them.
struct libcurl {
  libcurl() { curl_global_init(CURL_GLOBAL_DEFAULT); }
  ~libcurl() { curl_global_cleanup(); }
  libcurl(libcurl const&) = delete;
  libcurl& operator=(libcurl const&) = delete;
};

int main(int argc, char** argv) try {
  libcurl const library;
  if (auto const url = url_option(argc, argv); !url.empty()) return run(url);
  moody_pages moody;
  loopback const server([&](httplib::Server& s) { moody.set_up(s); });
  return run(server.url());
} catch (std::exception const& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
