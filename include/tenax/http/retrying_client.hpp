// SPDX-License-Identifier: MIT
// http/retrying_client.hpp: cpp-httplib's client, with retries. Tested with cpp-httplib 0.11.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenax/http.hpp>
#include <tenax/http/detail/path_pattern.hpp>
#include <tenax/http/detail/replay.hpp>
#include <tenax/http/httplib.hpp>
#include <tenax/http/idempotency_key.hpp>

namespace tenax::http {

/// What a `retrying_client` returns: cpp-httplib's result that remembers its request.
struct httplib_result : httplib::Result {
  httplib_result(httplib::Result result, request r, std::string path = {})
      : Result(std::move(result)), sent(r), target(std::move(path)) {}

  request sent;
  std::string target;  ///< the path that was asked for
  /// Whether part of the response has gone to the caller's receiver, after which the request is not sent again.
  bool delivered = false;
  std::uint32_t attempts = 1;                   ///< how many were made
  stop_reason reason = stop_reason::succeeded;  ///< why there was no further one
};

template <>
struct response_traits<httplib_result> : response_traits<httplib::Result> {
  static std::string_view method(httplib_result const& r) { return r.sent.method; }
  static std::string_view target(httplib_result const& r) { return r.target; }
  static bool has_idempotency_key(httplib_result const& r) { return r.sent.idempotency_key; }
};

/// An `httplib::Client` that retries. To use it, change one line of a program:
/// ```
/// tenax::http::retrying_client<> client("http://api.example.org");   // was: httplib::Client
/// auto const album = client.Get("/v1/albums/1");
/// ```
/// Requests that are not given a policy follow `http::standard_retry()`. Everything that is not a request (timeouts, headers,
/// authentication, certificates) is the client's own. A response that is streamed to a receiver is retried as others are:
/// the receiver sees the last response only, and after its first byte nothing is sent again.
///
/// Thread safety: requests are as safe as those of `Client`, which sends one at a time. Set policies before.
template <class Client = httplib::Client>
class retrying_client : public Client {
 public:
  using Client::Client;

  /// The policy of all requests to an endpoint: a path in which `*` stands for any characters but `/`, and `**` for any
  /// characters, if need be after a method: `"GET /v1/albums/*/tracks"`. A query does not count. The first pattern that fits
  /// is used, in the order in which they were added.
  ///
  /// A policy never makes the client send a request twice that must not be (`http::idempotent_only`), unless its endpoint names
  /// the method: `policy("POST /v1/search", p)` retries as `p` says.
  ///
  /// Throws `std::invalid_argument` for an endpoint that no request could fit.
  template <class Retrying>
  retrying_client& policy(std::string endpoint, Retrying p) {
    detail::require_endpoint(endpoint);
    // Who names the method has thought about it.
    auto call = endpoint.find(' ') == endpoint.npos ? erase<true>(std::move(p)) : erase<false>(std::move(p));
    policies_.push_back({std::move(endpoint), std::move(call)});
    return *this;
  }

  /// The policy of requests to which no other applies, in place of `http::standard_retry()`.
  template <class Retrying>
  retrying_client& policy(Retrying p) {
    otherwise_ = erase<true>(std::move(p));
    return *this;
  }

  /// Gives every POST and PATCH that has none an `Idempotency-Key`, the same one in each attempt. Then they can be retried,
  /// if the server knows the header.
  retrying_client& generate_idempotency_keys(key_format format = key_format::quoted) {
    generates_keys_ = true;
    key_format_ = format;
    return *this;
  }

  // The requests, with the arguments of httplib::Client.

  template <class... Args>
    requires(!detail::starts_with_headers<Args...>)
  httplib_result Get(std::string const& path, Args&&... args) {
    return perform("GET", path, false, [&, &client = plain()](auto&... a) { return client.Get(path, a...); }, args...);
  }
  template <class... Args>
  httplib_result Get(std::string const& path, httplib::Headers const& headers, Args&&... args) {
    return perform(
        "GET", path, false, [&, &client = plain()](auto&... a) { return client.Get(path, headers, a...); }, args...);
  }

  httplib_result Head(std::string const& path, httplib::Headers const& headers = {}) {
    return perform("HEAD", path, false, [&, &client = plain()] { return client.Head(path, headers); });
  }

  httplib_result Options(std::string const& path, httplib::Headers const& headers = {}) {
    return perform("OPTIONS", path, false, [&, &client = plain()] { return client.Options(path, headers); });
  }

  template <class... Args>
    requires(!detail::starts_with_headers<Args...>)
  httplib_result Post(std::string const& path, Args&&... args) {
    return Post(path, httplib::Headers(), args...);
  }
  template <class... Args>
  httplib_result Post(std::string const& path, httplib::Headers const& headers, Args&&... args) {
    auto const all = with_key(headers);
    return perform(
        "POST", path, has_key(all), [&, &client = plain()](auto&... a) { return client.Post(path, all, a...); },
        args...);
  }

  template <class... Args>
    requires(!detail::starts_with_headers<Args...>)
  httplib_result Put(std::string const& path, Args&&... args) {
    return perform("PUT", path, false, [&, &client = plain()](auto&... a) { return client.Put(path, a...); }, args...);
  }
  template <class... Args>
  httplib_result Put(std::string const& path, httplib::Headers const& headers, Args&&... args) {
    return perform(
        "PUT", path, false, [&, &client = plain()](auto&... a) { return client.Put(path, headers, a...); }, args...);
  }

  httplib_result Patch(std::string const& path) { return Patch(path, std::string(), std::string()); }
  template <class... Args>
    requires(!detail::starts_with_headers<Args...>)
  httplib_result Patch(std::string const& path, Args&&... args) {
    return Patch(path, httplib::Headers(), args...);
  }
  template <class... Args>
  httplib_result Patch(std::string const& path, httplib::Headers const& headers, Args&&... args) {
    auto const all = with_key(headers);
    return perform(
        "PATCH", path, has_key(all), [&, &client = plain()](auto&... a) { return client.Patch(path, all, a...); },
        args...);
  }

  template <class... Args>
    requires(!detail::starts_with_headers<Args...>)
  httplib_result Delete(std::string const& path, Args&&... args) {
    return perform(
        "DELETE", path, false, [&, &client = plain()](auto&... a) { return client.Delete(path, a...); }, args...);
  }
  template <class... Args>
  httplib_result Delete(std::string const& path, httplib::Headers const& headers, Args&&... args) {
    return perform(
        "DELETE", path, false, [&, &client = plain()](auto&... a) { return client.Delete(path, headers, a...); },
        args...);
  }

 private:
  using attempt_function = std::function<httplib_result()>;
  using call_function = std::function<httplib_result(attempt_function const&)>;
  struct route {
    std::string pattern;
    call_function call;
  };

  template <bool IdempotentOnly, class Retrying>
  static call_function erase(Retrying p) {
    if constexpr (requires { p.when(p.policy().predicate); }) {
      auto const again = [retried = p.policy().predicate](attempt<httplib_result> const& a) -> bool {
        return !(a.result.has_value() && a.result.value().delivered) && (!IdempotentOnly || idempotent_only(a)) &&
               retried(a);
      };
      return [p = p.when(again)](attempt_function const& attempt) {
        auto report = p.try_call(attempt);
        auto result = std::move(report.result).get();
        result.attempts = report.attempts;
        result.reason = report.reason;
        return result;
      };
    } else {
      static_assert(tenax::detail::always_false<Retrying>,
                    "tenax: http::retrying_client::policy() needs a policy such as tenax::retrying{} or "
                    "tenax::http::standard_retry()");
    }
  }

  /// The client without retries.
  Client& plain() noexcept { return *this; }

  static bool has_key(httplib::Headers const& headers) { return headers.find("Idempotency-Key") != headers.end(); }

  httplib::Headers with_key(httplib::Headers headers) const {
    if (generates_keys_ && !has_key(headers)) headers.emplace("Idempotency-Key", make_idempotency_key(key_format_));
    return headers;
  }

  template <class Send, class... Args>
  httplib_result perform(std::string_view method, std::string const& path, bool has_key, Send const& send,
                         Args&... args) {
    detail::streaming state;
    auto const attempt = [&] {
      httplib_result result(detail::send_prepared(state, send, args...), {method, has_key}, path);
      result.delivered = state.delivered;
      return result;
    };
    auto result = policy_of(method, path)(std::cref(attempt));
#if defined(__cpp_exceptions)
    if (state.thrown != nullptr) std::rethrow_exception(state.thrown);
#endif
    if (detail::deliver_rest(state, result, args...)) return result;
    return {httplib::Result(nullptr, httplib::Error::Canceled), result.sent, path};
  }

  call_function const& policy_of(std::string_view method, std::string_view path) const {
    for (auto const& e : policies_) {
      if (detail::is_endpoint(e.pattern, method, path)) return e.call;
    }
    return otherwise_;
  }

  std::vector<route> policies_;
  call_function otherwise_ = erase<true>(standard_retry());
  bool generates_keys_ = false;
  key_format key_format_ = key_format::quoted;
};

}  // namespace tenax::http
