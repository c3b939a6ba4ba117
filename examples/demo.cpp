// SPDX-License-Identifier: MIT
// demo.cpp: shows a polite HTTP client: it fetches a list of resources from a server that throttles and fails, and
// prints what it does.
//
//   demo                           with a server in this program that allows 8 requests in 2 seconds and sometimes
//   fails demo --url http://host/items/  with any server: /items/1, /items/2, ...; without the last slash, one path
//   each time demo --count 100               number of resources; 24 by default
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include <tenax/fmt.hpp>
#include <tenax/http.hpp>
#include <tenax/http/httplib.hpp>

#include <unistd.h>

#include "loopback.hpp"

using namespace std::chrono_literals;

template <class Number>
std::optional<Number> to_number(std::string_view text) {
  Number number{};
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

// --- the client -----------------------------------------------------------------------------------------------------

// After a broken connection, it tries again immediately. If the server asks for a wait, it waits that long. In all
// other cases the waits grow. All its requests are GETs, which may be sent twice.
auto const growing = tenax::wait::exponential({.base = 100ms, .max = 2s}).full();
auto const polite =
    tenax::retrying{}
        .when(tenax::when::transient)
        .wait(tenax::wait::first_of(
            tenax::wait::only_if(tenax::when::transport_error, tenax::wait::chain(tenax::wait::none, growing)),
            tenax::wait::retry_after + tenax::wait::uniform(0ms, 100ms), growing))
        .stop(tenax::stop::after_attempts(8) || tenax::stop::deadline(1min))
        .max_server_wait(30s);

// The growing waits of this policy as a text that the policy explorer reads; a URL may have it after `#p=`.
constexpr std::string_view in_explorer = "attempts=8 wait=exponential(100ms..2s).full deadline=1min server_wait=30s";
constexpr std::string_view explorer = "https://example.org/tenax/explorer/index.html";

std::string link_to_explorer() {
  auto link = fmt::format("{}#p=", explorer);
  for (char const c : in_explorer) c == ' ' || c == '=' ? link += fmt::format("%{:02X}", c) : link += c;
  return link;
}

// --- the output ------------------------------------------------------------------------------------------------------

class narrator {
 public:
  explicit narrator(unsigned count) : count_(count), width_(fmt::formatted_size("{}", count)) {}

  void begin(std::string const& path) {
    ++item_;
    path_ = path;
  }

  // Called by tenax.
  void after_attempt(tenax::attempt_info const&) { ++attempts_; }
  void before_sleep(tenax::attempt<httplib::Result> const& a) {
    auto const& result = a.result.value();
    auto const what = result ? fmt::format("{} {}", result->status, result->reason)
                             : fmt::format("connection failed ({})", httplib::to_string(result.error()));
    ++retries_;
    ++causes_[what];
    (a.server_wait ? waited_for_server_ : waited_by_itself_) += a.upcoming_wait;
    std::string next = "tries again at once";
    if (a.server_wait) {
      next = fmt::format("waits {}: the server asks for {}", tenax::human(rounded(a.upcoming_wait)),
                         tenax::human(*a.server_wait));
    } else if (a.upcoming_wait > 0s) {
      next = fmt::format("waits {}: backoff after attempt {}", tenax::human(rounded(a.upcoming_wait)), a.number);
    }
    say(yellow, what, "; " + next);
  }

  void end(tenax::report<httplib::Result> const& report) {
    if (report.succeeded()) {
      ++succeeded_;
      failed_in_a_row_ = 0;
      say(green, "ok", report.attempts > 1 ? fmt::format(" at attempt {}", report.attempts) : "");
    } else {
      ++failed_in_a_row_;
      say(red, fmt::format("{}", report), "");
    }
  }

  bool all_well() const { return succeeded_ == count_; }
  // Whether the server is down: further requests would be impolite.
  bool down() const { return failed_in_a_row_ >= most_in_a_row; }

  void summarize(tenax::duration took) const {
    if (down()) fmt::print("\nNo further calls: {} in a row gave up.\n", most_in_a_row);
    fmt::print("\n{}{} of {} fetched in {}{}\n", colour(all_well() ? green : red), succeeded_, count_,
               tenax::human(rounded(took)), colour(plain));
    fmt::print("  {:<10}{:>6}   {} succeeded, {} gave up\n", "calls", item_, succeeded_, item_ - succeeded_);
    fmt::print("  {:<10}{:>6}\n", "attempts", attempts_);
    fmt::print("  {:<10}{:>6}", "retries", retries_);
    auto const* separator = "   ";
    for (auto const& [cause, times] : causes_) {
      fmt::print("{}{} x {}", separator, times, cause);
      separator = ", ";
    }
    fmt::print("\n  {:<10}{:>6}   {} because the server asked, {} by itself\n", "waited",
               tenax::human(rounded(waited_for_server_ + waited_by_itself_)), tenax::human(rounded(waited_for_server_)),
               tenax::human(rounded(waited_by_itself_)));
  }

 private:
  static constexpr std::string_view green = "\033[32m", yellow = "\033[33m", red = "\033[31m", plain = "\033[0m";

  static constexpr unsigned most_in_a_row = 3;

  // Microseconds would be too much detail.
  static tenax::duration rounded(tenax::duration d) {
    return d < 1s ? std::chrono::round<std::chrono::milliseconds>(d) : std::chrono::round<hundredths>(d);
  }
  using hundredths = std::chrono::duration<std::int64_t, std::centi>;

  std::string_view colour(std::string_view code) const { return coloured_ ? code : std::string_view(); }

  void say(std::string_view code, std::string_view what, std::string_view more) const {
    fmt::print("[{:>{}}/{}] {:<12} {}{}{}{}\n", item_, width_, count_, path_, colour(code), what, colour(plain), more);
    std::fflush(stdout);
  }

  bool coloured_ = ::isatty(STDOUT_FILENO) == 1;
  unsigned count_;
  std::size_t width_;
  unsigned item_ = 0, succeeded_ = 0, failed_in_a_row_ = 0, attempts_ = 0, retries_ = 0;
  tenax::duration waited_for_server_{}, waited_by_itself_{};
  std::map<std::string, unsigned> causes_;
  std::string path_;
};

// --- the server -----------------------------------------------------------------------------------------------------

class moody_server {
 public:
  void answer(httplib::Request const& request, httplib::Response& response) {
    std::lock_guard const lock(mutex_);
    auto const now = std::chrono::steady_clock::now();
    if (now >= end_of_window_) {
      end_of_window_ = now + 2s;
      left_in_window_ = 8;
    }
    if (left_in_window_ == 0) {
      response.status = 429;
      response.set_header("Retry-After",
                          std::to_string(std::chrono::ceil<std::chrono::seconds>(end_of_window_ - now).count()));
      return;
    }
    --left_in_window_;
    switch (++served_) {
      case 5:
      case 18:
      case 19: response.status = 503; return;
      case 12:  // announces a hundred bytes, and breaks the connection
        response.set_content_provider(100, "text/plain", [](auto, auto, auto&) { return false; });
        return;
      default: response.set_content("This is " + request.path + "\n", "text/plain");
    }
  }

 private:
  std::mutex mutex_;
  std::chrono::steady_clock::time_point end_of_window_{};
  int left_in_window_ = 0;
  int served_ = 0;
};

// --------------------------------------------------------------------------------------------------------------------

// Returns "http://host:port" of a URL. Throws if it cannot be used, with the reason.
std::string server_of(std::string const& url) {
  if (url.rfind("https://", 0) == 0) throw std::invalid_argument("this demo speaks no https://, only http://: " + url);
  if (url.rfind("http://", 0) != 0) throw std::invalid_argument("not a URL that begins with http://: " + url);
  auto const server = url.substr(0, url.find('/', 7));
  auto const colon = server.find(':', server.find(']') == server.npos ? 7 : server.find(']'));
  auto const port = colon == server.npos ? 80 : to_number<unsigned>(server.substr(colon + 1)).value_or(0);
  if (port < 1 || port > 65535) throw std::invalid_argument("the port must be a number from 1 to 65535: " + url);
  if (server.size() == 7 || colon == 7) throw std::invalid_argument("no host: " + url);
  return server;
}

int run(std::string const& url, unsigned count) {
  auto const server = server_of(url);
  auto const path = server.size() == url.size() ? "/" : url.substr(server.size());
  httplib::Client client(server);
  if (!client.is_valid()) throw std::invalid_argument("not a URL: " + url);
  client.set_keep_alive(true);
  client.set_connection_timeout(5s);
  client.set_read_timeout(5s);

  fmt::print("Fetching {} resource{} from {} with this policy:\n{}\n", count, count == 1 ? "" : "s", url, polite);
  fmt::print("What it does to a server: {}\n\n", link_to_explorer());
  narrator told(count);
  auto const policy = polite.observe(std::ref(told));
  auto const started = std::chrono::steady_clock::now();
  for (unsigned i = 1; i <= count && !told.down(); ++i) {
    auto const item = path.back() == '/' ? path + std::to_string(i) : path;
    told.begin(item);
    told.end(policy.try_call([&] { return client.Get(item.c_str()); }));
  }
  told.summarize(std::chrono::steady_clock::now() - started);
  return told.all_well() ? 0 : 1;
}

int main(int argc, char** argv) try {
  std::string url;
  unsigned count = 24;
  auto const usage = fmt::format(
      "usage: {} [--url http://host:port/path/] [--count number]\n"
      "  --url    fetches path/1, path/2, ..., or without the last slash the same path each time;\n"
      "           if not given: from a server in this program that throttles and fails\n"
      "  --count  so many resources; 24 if not given\n",
      argv[0]);
  for (int i = 1; i < argc; i += 2) {
    std::string_view const option = argv[i];
    if (option == "--help" || option == "-h") {
      fmt::print("{}", usage);
      return 0;
    }
    std::string_view const value = i + 1 < argc ? argv[i + 1] : "";
    if (option == "--url" && !value.empty()) {
      url = value;
    } else if (auto const number = to_number<unsigned>(value); option == "--count" && number && *number > 0) {
      count = *number;
    } else {
      fmt::print(stderr, "{}", usage);
      return 2;
    }
  }
  std::signal(SIGPIPE, SIG_IGN);  // a write to a broken connection is an ordinary error then
  if (!url.empty()) return run(url, count);
  moody_server moody;
  loopback const server([&](httplib::Server& s) {
    s.Get(R"(/items/\d+)", [&](auto const& request, auto& response) { moody.answer(request, response); });
  });
  return run(server.url() + "/items/", count);
} catch (std::exception const& e) {
  fmt::print(stderr, "{}\n", e.what());
  return 2;
}
