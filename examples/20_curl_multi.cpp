// SPDX-License-Identifier: MIT
// 20_curl_multi.cpp: shows the engine, retry_loop, in a real event loop: libevent and libcurl's multi interface fetch a
// hundred pages at the same time, in one thread and through a rate limiter, from a server that fails for a while.
//
//   20_curl_multi                          with a server in this program
//   20_curl_multi --url http://host:port   with another one: GET /pages/1 ... /pages/100
#include <algorithm>
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

// [timer]
owned<event_base, event_base_free> make_loop() {
  // Without these flags, a timer starts when the loop woke, on a clock that may be 4 ms late, and fires too early.
  owned<event_config, event_config_free> const config(event_config_new());
  event_config_set_flag(config.get(), EVENT_BASE_FLAG_NO_CACHE_TIME);
  event_config_set_flag(config.get(), EVENT_BASE_FLAG_PRECISE_TIMER);
  owned<event_base, event_base_free> loop(event_base_new_with_config(config.get()));
  if (!loop) throw std::runtime_error("no event loop");
  return loop;
}

/// Calls a function once, `d` after it was set.
class timer {
 public:
  timer(event_base* loop, std::function<void()> action)
      : action_(std::move(action)), event_(evtimer_new(loop, &fire, this)) {}
  timer(timer const&) = delete;
  timer& operator=(timer const&) = delete;

  void set(tenax::duration d) {
    auto const time = std::chrono::ceil<std::chrono::microseconds>(d).count();
    timeval const in{time / 1'000'000, time % 1'000'000};
    evtimer_add(event_.get(), &in);
  }
  void cancel() { evtimer_del(event_.get()); }

 private:
  static void fire(evutil_socket_t, short, void* self) { static_cast<timer*>(self)->action_(); }

  std::function<void()> action_;
  owned<event, event_free> event_;
};
// [/timer]

// --- libcurl on libevent ---------------------------------------------------------------------------------------------

/// The transfers that are under way. Not movable: libcurl and libevent store its address.
class transfers {
 public:
  explicit transfers(event_base* loop)
      : loop_(loop), timer_(loop, [this] { act(CURL_SOCKET_TIMEOUT, 0); }), multi_(curl_multi_init()) {
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
      me.timer_.cancel();
    } else {
      me.timer_.set(std::chrono::milliseconds(ms));  // even for 0: libcurl must not be called from here
    }
    return 0;
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
  timer timer_;
  std::map<curl_socket_t, owned<event, event_free>> sockets_;
  std::map<CURL*, std::function<void(CURLcode)>> running_;
  owned<CURLM, curl_multi_cleanup> multi_;  // last member: its destructor closes sockets, and calls back
};

// --- a request, and its retries --------------------------------------------------------------------------------------

// [fetch]
/// One page: a handle for all its attempts, one after the other. Cannot be moved; `done` must not destroy it.
template <class Policy>
class fetch {
 public:
  using result = tenax::outcome<http::curl_response>;

  fetch(event_base* loop, transfers& all, Policy const& policy, std::string const& url,
        std::function<void(result const&)> done)
      : all_(all),
        done_(std::move(done)),
        easy_(curl_easy_init()),
        timer_(loop, [this] { start(); }),
        retry_(policy, tenax::real_time::now()) {
    curl_easy_setopt(easy_.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy_.get(), CURLOPT_NOSIGNAL, 1L);
  }
  ~fetch() { all_.abandon(easy_.get()); }
  fetch(fetch const&) = delete;
  fetch& operator=(fetch const&) = delete;

  /// Asks whether the next attempt may start: at the beginning, and after every wait.
  void start() { follow(retry_.start_attempt(tenax::real_time::now())); }

 private:
  void follow(tenax::decision next) {
    if (next.starts()) send();
    if (next.waits()) timer_.set(next.delay);  // a gate can cause a wait even before the first attempt
    if (next.stops()) end();
  }

  void send() {
    // Never 0, which would mean "no limit" to libcurl, and not more than libcurl's number of milliseconds can hold.
    auto const left = std::min<tenax::duration>(retry_.info().time_left, 24h);
    auto const limit = std::chrono::ceil<std::chrono::milliseconds>(left);
    curl_easy_setopt(easy_.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(limit.count()));
    transfer_.emplace(easy_.get());
    all_.start(easy_.get(), [this](CURLcode code) {
      last_.emplace(transfer_->finish(code));
      transfer_.reset();
      follow(retry_.finish_attempt(*last_, tenax::real_time::now()));
    });
  }

  void end() {
    if (!last_) last_.emplace(retry_.template unstarted<http::curl_response>());
    retry_.conclude(*last_);
    done_(*last_);
  }

  transfers& all_;
  std::function<void(result const&)> done_;
  owned<CURL, curl_easy_cleanup> easy_;
  timer timer_;
  tenax::retry_loop<Policy const&> retry_;
  std::optional<http::curl_transfer> transfer_;
  std::optional<result> last_;
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
  std::deque<fetch<decltype(policy)>> fetches;
  for (int page = 1; page <= pages; ++page) {
    auto const count = [&](auto const& r) { fetched += r.has_value() && r.value().status == 200 ? 1 : 0; };
    fetches.emplace_back(loop.get(), all, policy, url + "/pages/" + std::to_string(page), count).start();
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
