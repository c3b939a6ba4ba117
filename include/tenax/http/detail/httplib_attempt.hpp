// SPDX-License-Identifier: MIT
// http/detail/httplib_attempt.hpp: one attempt of a `retrying_client`, and the policy of its calls.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenax/http/attempt_headers.hpp>
#include <tenax/http/detail/client_control.hpp>
#include <tenax/http/detail/replay.hpp>
#include <tenax/http/httplib_result.hpp>
#include <tenax/http/idempotency_key.hpp>
#include <tenax/http/idempotent.hpp>
#include <tenax/retrying.hpp>

namespace tenax::http::detail {

/// Refers to a function that makes an attempt. `polls`: the token cannot call back and must be polled.
class attempt_function {
 public:
  template <class F>
  explicit attempt_function(F const& f)
      : f_(&f), call_([](void const* to, attempt_info const& info, bool polls) {
          return (*static_cast<F const*>(to))(info, polls);
        }) {}

  httplib_result operator()(attempt_info const& info, bool polls) const { return call_(f_, info, polls); }

 private:
  void const* f_;
  httplib_result (*call_)(void const*, attempt_info const&, bool);
};

/// Makes a call with a policy. Leaves `last` alone if the client was stopped before the first attempt.
using call_function = std::function<void(client_call&, streaming&, attempt_function const&, httplib_result& last)>;

inline bool takes_key(std::string_view method) { return method == "POST" || method == "PATCH"; }
inline bool has_key(httplib::Headers const& headers) { return headers.find("Idempotency-Key") != headers.end(); }

/// Whether a request needs headers of its own, with an idempotency key. Then makes them.
inline bool make_keyed(std::string_view method, httplib::Headers const& given, std::optional<key_format> format,
                       httplib::Headers& own) {
  if (!format || !takes_key(method) || has_key(given)) return false;
  own = given;
  own.emplace("Idempotency-Key", make_idempotency_key(*format));
  return true;
}

/// Makes the headers of an attempt that tell the server which one it is.
using attempt_header_functions = std::vector<std::function<attempt_header(attempt_info const&)>>;

/// Adds headers of an attempt to those of the request. The value of one that the request has itself is extended by a
/// comma and the new value, as a list in HTTP.
inline httplib::Headers add_headers(httplib::Headers headers, attempt_header_functions const& functions,
                                    attempt_info const& info) {
  for (auto const& make : functions) {
    auto const h = make(info);
    if (!h) continue;
    if (auto const own = headers.find(h.name()); own != headers.end()) {
      own->second.append(",").append(h.value());
    } else {
      headers.emplace(h.name(), h.value());
    }
  }
  return headers;
}

/// Calls `send` with the headers of an attempt. An exception of the caller's functions ends the call.
template <class Send>
httplib::Result send_with_headers(streaming& state, httplib::Headers const& headers,
                                  attempt_header_functions const& functions, attempt_info const& info,
                                  Send const& send) {
  if (functions.empty()) return send(headers);
  httplib::Headers all;
  bool const made = call_caller(state, [&] {
    all = add_headers(headers, functions, info);
    return true;
  });
  return made ? send(all) : httplib::Result(nullptr, httplib::Error::Canceled);
}

/// Makes an attempt with `send()` when it is this call's turn, and adds to the result what only the client knows.
template <class Client, class Send>
httplib_result make_attempt(client_control& control, client_call& call, Client& client, streaming& state, request sent,
                            std::string const& path, bool polls, Send const& send) {
  client_attempt attempt(control, call, polls);
  httplib_result result(httplib::Result(nullptr, httplib::Error::Canceled), sent, path);
  if (!attempt.has_turn()) {
    // Nothing was sent.
    result.cause = attempt.why() == cut::by_time ? transport_error::unsent : transport_error::cancelled;
    return result;
  }
  attempt.use(static_cast<int>(client.socket()));
  {
    platform::no_sigpipe const quiet;
    static_cast<httplib::Result&>(result) = send();
  }
  result.delivered = state.delivered;
  result.redirected = attempt.answers > (result ? 1 : 0) || (result && !result->location.empty());
  if (result && is_interim(result->status)) {
    // The final response is still to come on this connection. The next request must not take it for its own.
    static_cast<httplib::Result&>(result) = httplib::Result(nullptr, httplib::Error::Read);
    client.stop();
    result.cause = transport_error::interrupted;
  }
  if (result) return result;
  result.broken_off = std::move(state.failed_head);
  state.failed_head.reset();
  auto const why = attempt.why();
  if (state.refused) {
    result.cause = transport_error::permanent;
  } else if (why == cut::by_stop) {
    result.cause = transport_error::cancelled;
  } else if (http::error_of(result) == transport_error::unsent) {
    if (result.redirected) result.cause = transport_error::interrupted;
  } else if (why == cut::by_time && http::error_of(result) != transport_error::permanent) {
    result.cause = transport_error::timed_out;
  }
  return result;
}

/// A policy's predicate, combined with a veto against repeating what must not be sent twice.
template <bool IdempotentOnly, class Retried>
struct send_again {
  static constexpr bool has_veto = true;

  template <class T>
  constexpr bool operator()(attempt<T> const& a) const {
    return wants(a) && permits(a);
  }
  template <class T>
  constexpr bool wants(attempt<T> const& a) const {
    return tenax::detail::wants_retry(retried, a);
  }
  template <class T>
  constexpr bool permits(attempt<T> const& a) const {
    if (state->delivered || state->thrown != nullptr || state->refused) return false;
    if constexpr (IdempotentOnly) {
      if (!idempotent_only(a)) return false;
    }
    return tenax::detail::permits_retry(retried, a) && state->set_back();
  }
  template <class Out>
  constexpr void describe(Out& out) const {
    tenax::detail::describe(retried, out, "a predicate of your own");
  }

  Retried retried;
  streaming* state;
};

/// Makes calls with policy `p`. `IdempotentOnly`: never repeats a request that is not idempotent.
template <bool IdempotentOnly, class Retrying>
call_function erase_policy(Retrying p) {
  using predicate = std::remove_cvref_t<decltype(p.policy().predicate)>;
  using token = std::remove_cvref_t<decltype(p.policy().token)>;
  return
      [p = std::move(p)](client_call& call, streaming& state, attempt_function const& attempt, httplib_result& last) {
        auto const bound = p.when(send_again<IdempotentOnly, predicate>{p.policy().predicate, &state})
                               .cancel_with(call_token<token>(call, p.policy().token));
        auto const make = [&] {
          if constexpr (calls_back<token>) {
            auto const interrupt = [&call] { call.interrupt(); };
            typename user_callback<token, decltype(interrupt)>::type const callback(p.policy().token, interrupt);
            return bound.try_call([&](attempt_info const& info) { return attempt(info, false); });
          } else {
            return bound.try_call([&](attempt_info const& info) { return attempt(info, true); });
          }
        };
        auto report = make();
        if (report.attempts == 0 && call.stopped()) return;
        last = std::move(report.result).get();
        last.attempts = report.attempts;
        last.reason = report.reason;
        last.body_spent = state.spent;
      };
}

/// Returns the method's name as a string with static lifetime.
constexpr std::string_view lasting_method(std::string_view method) noexcept {
  for (std::string_view const known :
       {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}) {
    if (method == known) return known;
  }
  return "another method";
}

}  // namespace tenax::http::detail
