// SPDX-License-Identifier: MIT
// http/detail/httplib_attempt.hpp: the policy of a `retrying_client`'s calls.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <tenax/http/detail/client_request.hpp>
#include <tenax/http/detail/owner.hpp>
#include <tenax/http/detail/path_pattern.hpp>
#include <tenax/http/idempotent.hpp>
#include <tenax/retrying.hpp>

namespace tenax::http::detail {

/// A policy of any type.
struct call_policy {
  virtual ~call_policy() = default;
  /// Makes the attempts of a call. The result has no attempts if the call ended before the first one.
  [[nodiscard]] virtual httplib_result make_call(client_request& r) const = 0;
};

/// The policies of endpoints.
struct endpoint_policies {
  virtual ~endpoint_policies() = default;
  /// Returns null if no endpoint matches.
  [[nodiscard]] virtual call_policy const* find(std::string_view method, std::string_view path) const = 0;
};

class listed_endpoints final : public endpoint_policies {
 public:
  void add(std::string pattern, owner<call_policy>&& policy) {
    entries_.push_back({std::move(pattern), std::move(policy)});
  }
  [[nodiscard]] call_policy const* find(std::string_view method, std::string_view path) const override {
    for (auto const& e : entries_) {
      if (is_endpoint(e.pattern, method, path)) return e.policy.get();
    }
    return nullptr;
  }

 private:
  struct entry {
    std::string pattern;
    owner<call_policy> policy;
  };
  std::vector<entry> entries_{};
};

inline void add_endpoint(owner<endpoint_policies>& list, std::string&& pattern, owner<call_policy>&& policy) {
  if (list.get() == nullptr) list = owner<endpoint_policies>(new listed_endpoints);
  static_cast<listed_endpoints&>(*list).add(std::move(pattern), std::move(policy));
}

/// Makes a call, except for the delivery of the last response to the caller's functions.
inline httplib_result make_call(client_request& r, call_policy const& policy) {
  auto last = policy.make_call(r);
  if (last.attempts != 0) last.body_ready = r.state.leave_ready(http::is_transient(last));
  return last;
}

/// The end of a call: throws what a function of the caller has thrown.
inline void end_call(streaming const& state, httplib_result& last, bool wanted) {
#if defined(__cpp_exceptions)
  if (state.thrown != nullptr) std::rethrow_exception(state.thrown);
#endif
  if (!wanted) static_cast<httplib::Result&>(last) = no_response(httplib::Error::Canceled);
}

/// The result of a call from its report. A call that ended before its first attempt has a result without a response
/// and does not throw: code in the style of cpp-httplib expects no exception from a request.
inline httplib_result result_of(client_request const& r, report<httplib_result>&& report) {
  if (report.attempts != 0) {
    auto last = std::move(report.result).get();
    last.attempts = report.attempts;
    last.reason = report.reason;
    last.refusal = report.refusal;
    last.retry_after = report.retry_after;
    last.body_spent = r.state.spent;
    return last;
  }
  httplib_result none(no_response(httplib::Error::Canceled), r.sent, r.path);
  none.attempts = 0;
  none.reason = r.call.stopped() ? stop_reason::cancelled : report.reason;
  none.cause = none.reason == stop_reason::cancelled ? transport_error::cancelled : transport_error::unsent;
  none.refusal = report.refusal;
  none.retry_after = report.retry_after;
  return none;
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
  [[nodiscard]] constexpr bool has_no_opinion() const noexcept { return tenax::detail::has_no_opinion(retried); }
  template <class T>
  constexpr bool permits(attempt<T> const& a) const {
    if (state->delivered || state->thrown != nullptr || state->refused) return false;
    if constexpr (IdempotentOnly) {
      if (!idempotent_only(a)) return false;
    }
    return tenax::detail::permits_retry(retried, a) && state->set_back();
  }
  template <class T>
  constexpr char const* why_denied(attempt<T> const& a) const {
    if (state->delivered) return "the caller's function has got a part of the response";
    if (state->spent || state->refused) return "the body of the request has been read; see http::rewindable";
    if constexpr (IdempotentOnly) {
      if (!idempotent_only(a)) return idempotent_only.why_denied(a);
    }
    return tenax::detail::why_denied(retried, a);
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
class erased_policy final : public call_policy {
  using parts = std::remove_cvref_t<decltype(std::declval<Retrying const&>().policy())>;
  using token = typename parts::token_type;

 public:
  explicit erased_policy(Retrying&& p) : retrying_(std::move(p)) {}

  [[nodiscard]] httplib_result make_call(client_request& r) const override {
    auto const& p = retrying_.policy();
    using again = send_again<IdempotentOnly, typename parts::when_type>;
    tenax::policy const bound{again{p.predicate, &r.state},       p.strategy,    p.condition, p.observers, p.gates,
                              call_token<token>(r.call, p.token), p.hint_reader, p.limits};
    tenax::retrying const retrying(bound, retrying_.environment());
    auto const attempt = [&](attempt_info const& info) { return make_attempt(r, info, !calls_back<token>); };
    if constexpr (calls_back<token> && tenax::detail::can_stop<token>) {
      auto const interrupt = [&r] { r.call.interrupt(); };
      typename tenax::detail::callback_of<token, decltype(interrupt)>::type const callback(p.token, interrupt);
      return result_of(r, retrying.try_call(attempt));
    } else {
      return result_of(r, retrying.try_call(attempt));
    }
  }

 private:
  Retrying retrying_;
};

/// Returns the method's name as a string with static lifetime.
constexpr std::string_view lasting_method(std::string_view method) noexcept {
  for (std::string_view const known :
       {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}) {
    if (method == known) return known;
  }
  return "another method";
}

}  // namespace tenax::http::detail
