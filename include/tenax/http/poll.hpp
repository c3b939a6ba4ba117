// SPDX-License-Identifier: MIT
// http/poll.hpp: polls for the result of a long task (202 Accepted, Location, Retry-After) until it is done.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tenax/http/uri.hpp>
#include <tenax/http/when.hpp>
#include <tenax/retrying.hpp>
#include <tenax/stop/deadline.hpp>
#include <tenax/wait/clamp.hpp>
#include <tenax/wait/constant.hpp>
#include <tenax/wait/first_of.hpp>
#include <tenax/wait/retry_after.hpp>

namespace tenax::http {

/// The address to ask next.
struct location {
  std::string url;  ///< the value of `Location`, resolved against the address of the response that contained it

  /// Path and query, for a client that is bound to a host. See `same_origin`.
  [[nodiscard]] std::string target() const { return uri_parts(url).target(); }

  /// Whether `other` has the same scheme, host and port; true as well if one of the two has no host. A client that adds
  /// credentials should check this before it sends them.
  [[nodiscard]] bool same_origin(std::string_view other) const {
    uri_parts const a(url);
    uri_parts const b(other);
    return !a.has_authority || !b.has_authority ||
           (same_name(a.scheme, b.scheme) &&
            same_name(a.authority_without_default_port(), b.authority_without_default_port()));
  }
};

/// How a service tells its callers where to poll.
struct poll_options {
  std::string_view base = "/";           ///< the address of the first request, against which `Location` is resolved
  std::string_view header = "Location";  ///< the header that contains the address to ask
};

/// A policy for `http::poll`. Waits as long as the server asks, at least 100 ms; a second if the server asks for
/// nothing. Gives up after ten minutes, or if the server asks for a wait of more than five. Retries transient failures
/// of a status request.
[[nodiscard]] constexpr auto standard_poll() {
  using namespace std::chrono;
  return retrying{}
      .when(when::transient)
      .wait(wait::at_least(milliseconds(100), wait::first_of(wait::retry_after, wait::constant(seconds(1)))))
      .stop(stop::deadline(minutes(10)));
}

namespace detail {

/// No answer but a 202 is pending.
struct only_202 {
  template <response R>
  constexpr bool operator()(R const&) const {
    return false;
  }
};

template <class R>
constexpr bool redirects(R const& r) {
  auto const status = http::status_of(r);
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

template <class Start, class Fetch>
concept polls_with = requires(Start& start, Fetch& fetch, location const& here) {
  { fetch(here) } -> response;
  { start() } -> std::convertible_to<std::remove_cvref_t<decltype(fetch(here))>>;
};

/// One polled task: its address, and whether it is still under way.
template <class Pending>
class polled_task {
 public:
  polled_task(poll_options const& options, Pending const& pending)
      : here_{std::string(options.base)}, header_(options.header), pending_(pending) {}

  [[nodiscard]] bool started() const noexcept { return started_; }
  /// Whether the last request was the one that starts the task.
  [[nodiscard]] bool asked_to_start() const noexcept { return asked_to_start_; }

  /// Resets the state that belongs to the previous answer.
  void ask() noexcept {
    redirected_ = lost_ = false;
    asked_to_start_ = !started_;
  }

  [[nodiscard]] location const& here() const noexcept { return here_; }

  /// Learns the next address from a response.
  template <class R>
  void follow(R const& r) {
    // A redirect that wants the start repeated elsewhere (307, 308) cannot be followed with fetch().
    redirected_ = redirects(r) && (started_ || http::status_of(r) < 307);
    // 202 means "not finished", whatever else the service calls pending.
    done_ = !(redirected_ || http::status_of(r) == 202 || pending_(r));
    redirections_ = redirected_ ? redirections_ + 1 : 0;
    lost_ = done_ && redirects(r);
    if (done_) return;
    auto const next = http::header_of(r, header_.empty() || redirected_ ? std::string_view("Location") : header_);
    here_.url = resolve(here_.url, next);
    // The answer to the start names no address, or a redirect has none: polling cannot go on.
    lost_ = done_ = next.empty() && (!started_ || redirected_);
    started_ = !done_;
  }

  [[nodiscard]] bool under_way() const noexcept { return started_ && !done_; }
  /// Whether the last response is not the result, and does not tell where to ask next.
  [[nodiscard]] bool lost() const noexcept { return lost_; }

  /// Whether to follow a redirect without a wait. The number is limited, because redirects can be circular.
  [[nodiscard]] bool redirected() const noexcept { return redirected_ && redirections_ <= 5; }

 private:
  location here_;
  std::string_view header_;
  Pending const& pending_;
  bool started_ = false, asked_to_start_ = false, done_ = true, redirected_ = false, lost_ = false;
  int redirections_ = 0;
};

/// Polls again while the task is under way. Retries a failure only when the address of the task is known: a task that
/// may have been started is not started again, even if the failure asks for a retry.
template <class Task, class Retried>
struct ask_again {
  static constexpr bool has_veto = true;

  template <class T>
  constexpr bool operator()(attempt<T> const& a) const {
    return wants(a) && permits(a);
  }
  template <class T>
  constexpr bool wants(attempt<T> const& a) const {
    return continues(a) || tenax::detail::wants_retry(retried, a);
  }
  template <class T>
  constexpr bool permits(attempt<T> const& a) const {
    return continues(a) || (task.started() && tenax::detail::permits_retry(retried, a));
  }
  template <class T>
  constexpr char const* why_denied(attempt<T> const& a) const {
    return task.started() ? tenax::detail::why_denied(retried, a) : "the request may have started the task";
  }
  [[nodiscard]] constexpr bool has_no_opinion() const noexcept { return tenax::detail::has_no_opinion(retried); }
  /// The first status request may follow even if the body of the request that starts the task cannot be sent again.
  template <class T>
  constexpr bool goes_on(attempt<T> const& a) const {
    return task.asked_to_start() && continues(a);
  }
  template <class T>
  constexpr bool continues(attempt<T> const& a) const {
    return a.result.has_value() && !http::failed(a.result.value()) && task.under_way();
  }

  Task const& task;
  Retried retried;
};

/// Reads hints as the policy does, and reports a response with which polling cannot go on: it is not a success.
template <class Task, class Reader>
struct hints_of_task {
  template <class T>
  hint operator()(attempt<T> const& a) const {
    auto h = hint();
    if constexpr (!std::is_same_v<Reader, tenax::detail::own_hint_reader>) {
      h = reader(a);
    } else {
      h = tenax::detail::hint_of(a.result);
    }
    if (a.result.has_value() && task.lost() && h.verdict != verdict::forbidden && h.verdict != verdict::cancelled) {
      h.verdict = verdict::no_retry;
    }
    return h;
  }
  template <class T>
  allowance quota(attempt<T> const& a) const {
    if constexpr (requires { reader.quota(a); }) {
      return reader.quota(a);
    } else {
      return tenax::detail::quota_left(a.result);
    }
  }

  Task const& task;
  Reader reader;
};

/// Makes the policy of a task.
template <class Retrying, class Task>
auto polling(Retrying const& policy, Task const& task) {
  ask_again<Task, std::remove_cvref_t<decltype(policy.policy().predicate)>> const again{task,
                                                                                        policy.policy().predicate};
  auto const pause = [&task, wait = policy.policy().strategy](auto const& a) -> duration {
    if (task.redirected()) return {};  // the engine still obeys the wait that the server asks for
    return optional_duration(wait(a)).value_or({});
  };
  using reader = std::remove_cvref_t<decltype(policy.policy().hint_reader)>;
  return policy.when(again).wait(pause).read_hints_with(hints_of_task<Task, reader>{task, policy.policy().hint_reader});
}

/// Runs a task: `call(policy, operation)` makes the call.
template <class Retrying, class Start, class Fetch, class Pending, class Call>
auto run_task(Retrying const& policy, Start& start, Fetch& fetch, poll_options const& options, Pending const& pending,
              Call const& call) {
  if constexpr (polls_with<Start, Fetch>) {
    using result = std::remove_cvref_t<std::invoke_result_t<Fetch&, location const&>>;
    polled_task task(options, pending);
    return call(polling(policy, task), [&]() -> result {
      task.ask();
      result r = task.started() ? fetch(task.here()) : start();
      if (!http::failed(r)) task.follow(r);
      return r;
    });
  } else {
    static_assert(tenax::detail::always_false<Fetch>,
                  "tenax: http::poll() needs two functions that return the same type of response: start() and "
                  "fetch(tenax::http::location const&)");
  }
}

}  // namespace detail

/// Starts a long task and polls for its result until it is there. `start()` sends the request; the server answers it
/// with 202 and a `Location`. `fetch(location)` requests that address, and again as long as the answer is 202; it also
/// follows redirects. Both return the same type of response. Returns the first response that is neither a 202 nor a
/// redirect, or the last response if the policy gives up.
///
/// `policy` is a `tenax::retrying`, such as `http::standard_poll()`. Its waits, limits, observers and gates apply to
/// the whole task, and its predicate decides which failures of `fetch` are retried. A failure of `start` is not
/// retried; `start` can retry by itself. A 202 is always an unfinished task. For a service that also gives other
/// answers meanwhile, such as a 200 whose body says "running", `pending(response)` says which of them are not the
/// result. Redirects are followed immediately, but at most five in a row.
/// ```
/// auto const answer = http::poll(http::standard_poll().stop(stop::deadline(5min)),
///                                [&] { return client.Post("/exports"); },
///                                [&](http::location const& l) { return client.Get(l.target()); });
/// ```
template <class Retrying, class Start, class Fetch, class Pending = detail::only_202>
auto poll(Retrying const& policy, Start start, Fetch fetch, poll_options options = {}, Pending pending = {}) {
  return detail::run_task(policy, start, fetch, options, pending,
                          [](auto const& p, auto const& operation) { return p(operation); });
}

/// As `poll`, but returns a `tenax::report`: the last response, and why polling ended. For a task that was not done in
/// time, `report.reason` is `stop_reason::deadline`; its last response alone does not show that. If an answer does not
/// tell where to ask next (a 202 or a redirect without a location), it is `stop_reason::not_retryable`.
template <class Retrying, class Start, class Fetch, class Pending = detail::only_202>
auto try_poll(Retrying const& policy, Start start, Fetch fetch, poll_options options = {}, Pending pending = {}) {
  return detail::run_task(policy, start, fetch, options, pending,
                          [](auto const& p, auto const& operation) { return p.try_call(operation); });
}

}  // namespace tenax::http
