// SPDX-License-Identifier: MIT
// driver/detail/check_result.hpp: policies that do not fit the operation's result, each explained by one sentence.
#pragma once

#include <type_traits>

#include <tenax/concepts.hpp>
#include <tenax/detail/callable.hpp>
#include <tenax/detail/role.hpp>
#include <tenax/observe/hooks.hpp>
#include <tenax/result_traits.hpp>

namespace tenax::detail {

/// A result with the shape of an HTTP client's, for which no traits are known.
template <class T>
concept unread_http_result = !can_fail<T> && requires(std::remove_reference_t<T> const& r) {
  static_cast<bool>(r);
  r.error();
  r->status;
  r->headers;
};

/// Whether a policy would treat every failure of an HTTP client as a success.
template <class When, class T>
inline constexpr bool unread_by = unread_http_result<T> && accepts_every_value<When, T>;

/// The common functions of `std::future` and similar types: the operation has not ended when they are returned.
template <class T>
concept future_like = requires(std::remove_reference_t<T>& r) {
  r.valid();
  r.wait();
  r.get();
};

/// A type that says itself whether it failed. Not a type that can be emptied, such as `std::optional`: that is a plain
/// value.
template <class T>
concept status_like = requires(T const& r) { static_cast<bool>(r.ok()); } || requires(T const& r) { r.error(); } ||
                      (requires(T const& r) { static_cast<bool>(r.has_value()); } && !requires(T& r) { r.reset(); });

/// Whether a policy would treat every failure of a status type as a success, because no traits read it.
template <class Policy, class T>
inline constexpr bool unread_status = false;
template <class Policy, class T>
  requires(std::is_class_v<std::remove_reference_t<T>> && !can_fail<T> && requires { traits_of<T>::unspecialized; })
inline constexpr bool unread_status<Policy, T> =
    std::is_same_v<typename Policy::hint_reader_type, own_hint_reader> &&
    accepts_every_value<typename Policy::when_type, T> && status_like<std::remove_cvref_t<T>>;

/// Whether traits have an optional function that is not static, or takes no const value. It would not be used.
template <class Traits, class R>
inline constexpr bool misses_functions =
    (requires(Traits& t, R& r) { t.transient(r); } && !requires(R const& r) { Traits::transient(r); }) ||
    (requires(Traits& t, R& r) { t.read_hint(r); } && !requires(R const& r) { Traits::read_hint(r); }) ||
    (requires(Traits& t, R& r) { t.quota(r); } && !requires(R const& r) { Traits::quota(r); }) ||
    (requires(Traits& t, R& r) { t.can_repeat(r); } && !requires(R const& r) { Traits::can_repeat(r); }) ||
    (requires(Traits& t, R& r) { t.why_not_repeated(r); } && !requires(R const& r) { Traits::why_not_repeated(r); });

/// Whether the traits of a result have such a function, or say that they have another mistake.
template <class T>
inline constexpr bool misses_traits = false;
template <class T>
  requires(can_fail<T> && !requires { traits_of<T>::unspecialized; })
inline constexpr bool misses_traits<T> =
    misses_functions<traits_of<T>, std::remove_cvref_t<T>> || requires { requires traits_of<T>::has_mistake; };

/// Whether a function given to `.read_hints_with()` can be called for a `T`.
template <class HintReader, class T>
inline constexpr bool hint_reader_fits = requires(HintReader const& f, attempt<T> const& a, hint& h) { h = f(a); };
template <class T>
inline constexpr bool hint_reader_fits<own_hint_reader, T> = true;

/// Whether a policy that is for certain types of results only, an `any_retrying_of`, is for this one. Its predicate
/// knows.
template <class When, class T>
inline constexpr bool lists = true;
template <class When, class T>
  requires requires { When::template lists<T>; }
inline constexpr bool lists<When, T> = When::template lists<T>;

/// Whether a policy that can read every type of results, an `any_retrying`, would treat every failure of this one as a
/// success.
template <class When, class T>
inline constexpr bool hides_failures = false;
template <class When, class T>
  requires(std::is_class_v<std::remove_reference_t<T>> && !can_fail<T> && requires { When::template names<T>; })
inline constexpr bool hides_failures<When, T> = !When::template names<T> && status_like<std::remove_cvref_t<T>>;

/// Whether a policy for results of any type is for this one, and reads it.
template <class When, class T>
concept made_for = lists<When, T> && !hides_failures<When, T>;

template <class Policy, class T>
concept policy_fits =
    made_for<typename Policy::when_type, T> && observer_fits<typename Policy::observers_type, T> &&
    hint_reader_fits<typename Policy::hint_reader_type, T> && !future_like<T> && !misses_traits<T> &&
    !unread_by<typename Policy::when_type, T> && !unread_status<Policy, T> &&
    retry_predicate<typename Policy::when_type, attempt<T>> && wait_strategy<typename Policy::wait_type, attempt<T>> &&
    stop_condition<typename Policy::stop_type, attempt<T>>;

/// Whether a part of a policy, or what it holds, could be called for a `T` if it were not const, as a `mutable` lambda
/// with any parameter could. Used to explain why it cannot be called.
template <class P, class T>
inline constexpr bool changes_when_asked =
    (requires(P& p, attempt<T> const& a) { p(a); } && !requires(P const& p, attempt<T> const& a) { p(a); }) ||
    (requires(P& p, attempt<T> const& a) { p.condition(a.result.value()); } &&
     !requires(P const& p, attempt<T> const& a) { p.condition(a.result.value()); });

/// The same for an observer, or one of several: a function that is `mutable`.
template <class O, class T>
inline constexpr bool hook_changes =
    requires(O& o, attempt<T> const& a) { o.f(a); } || requires(O& o, attempt<T> const& a) { o.f(a, stop_reason{}); } ||
    requires(O& o, attempt<T> const& a) { o.f(a, stop_reason{}, ""); };
template <class O, class T>
  requires observer_fits<O, T>
inline constexpr bool hook_changes<O, T> = false;
template <class Earlier, class O, class T>
  requires(!observer_fits<observers<Earlier, O>, T>)
inline constexpr bool hook_changes<observers<Earlier, O>, T> = hook_changes<Earlier, T> || hook_changes<O, T>;

/// Explains why a policy does not fit an operation that returns `T`.
template <class Policy, class T>
constexpr bool check_result() {
  using when_type = typename Policy::when_type;
  using wait_type = typename Policy::wait_type;
  using stop_type = typename Policy::stop_type;
  if constexpr (!made_for<when_type, T>) {
    constexpr bool listed = lists<when_type, T>;
    static_assert(listed,
                  "tenax: this callable returns a type that the any_retrying_of was not made for; add the type to its "
                  "list, as in tenax::any_retrying_of<page, status>");
    static_assert(!listed,
                  "tenax: the callable returns a type that says whether it failed (ok(), error() or has_value()), "
                  "which an any_retrying does not read; specialize tenax::result_traits for it, or name the type: "
                  "tenax::any_retrying_of<status>");
  } else if constexpr (future_like<T>) {
    static_assert(always_false<T>,
                  "tenax: the callable returns a future, whose failure comes after the attempt has ended; call .get() "
                  "inside the callable, as in policy([&] { return start().get(); })");
  } else if constexpr (!observer_fits<typename Policy::observers_type, T>) {
    constexpr bool changes = hook_changes<typename Policy::observers_type, T>;
    static_assert(!changes,
                  "tenax: an observer's function must be callable when const: policies are shared; let it keep what "
                  "changes outside, behind a reference, instead of being `mutable`");
    static_assert(changes,
                  "tenax: a function given to .after_attempt(), .before_sleep(), .on_success() or .on_give_up() cannot "
                  "take the attempts of this callable; let it take one parameter, a `tenax::attempt_info const&` or an "
                  "`auto const&`");
  } else if constexpr (!hint_reader_fits<typename Policy::hint_reader_type, T>) {
    static_assert(
        always_false<T>,
        "tenax: the function given to .read_hints_with() cannot be called for what this callable returns, or does "
        "not return a tenax::hint; let it take the `tenax::attempt<T> const&` of this callable's T");
  } else if constexpr (misses_traits<T>) {
    constexpr bool explained = requires { requires traits_of<T>::has_mistake; };
    static_assert(explained,
                  "tenax: an optional function of result_traits (transient, read_hint, quota, can_repeat, "
                  "why_not_repeated) is not static, "
                  "or cannot take a const result, and would not be used; write it as static bool transient(R const&)");
    if constexpr (explained) return traits_of<T>::explain_mistake();
  } else if constexpr (unread_by<when_type, T>) {
    static_assert(always_false<T>,
                  "tenax: this HTTP client's result cannot be read; include its adapter, such as "
                  "<tenax/http/httplib.hpp>, or specialize tenax::http::response_traits");
  } else if constexpr (unread_status<Policy, T>) {
    static_assert(
        always_false<T>,
        "tenax: the callable returns a type that says whether it failed (ok(), error() or has_value()), which "
        "this policy does not read; add .when(when::result([](auto const& r) { return !r.ok(); })), or "
        "specialize tenax::result_traits for it");
  } else if constexpr (!requires(when_type const& p, attempt<T> const& a) { p(a); }) {
    static_assert(!changes_when_asked<when_type, T>,
                  "tenax: the callable given to .when() must be callable when const: policies are shared; keep what "
                  "changes outside, behind a reference");
    static_assert(changes_when_asked<when_type, T>,
                  "tenax: the predicate given to .when() can never apply to what this callable returns; it looks at a "
                  "value or an error of another type (for an HTTP response, include the client's adapter)");
  } else if constexpr (!retry_predicate<when_type, attempt<T>>) {
    static_assert(always_false<T>, "tenax: the predicate given to .when() must return bool");
  } else if constexpr (wait_strategy<wait_type, attempt<T>>) {
    if constexpr (stop_condition<stop_type, attempt<T>>) {
      return true;
    } else {
      constexpr bool changes = changes_when_asked<stop_type, T>;
      static_assert(!changes,
                    "tenax: the condition given to .stop() must be callable when const: policies are shared; keep what "
                    "changes outside, behind a reference");
      static_assert(
          changes,
          "tenax: the condition given to .stop() cannot be called for what this callable returns, or does not "
          "return bool");
    }
  } else if constexpr (partial_wait_strategy<wait_type, attempt<T>>) {
    static_assert(always_false<T>,
                  "tenax: .wait() needs a strategy that always has an answer; end it with "
                  "wait::first_of(..., wait::exponential())");
  } else {
    constexpr bool changes = changes_when_asked<wait_type, T>;
    static_assert(!changes,
                  "tenax: the strategy given to .wait() must be callable when const: policies are shared; keep what "
                  "changes outside, behind a reference");
    static_assert(changes,
                  "tenax: the strategy given to .wait() cannot be called for what this callable returns, or does not "
                  "return a duration");
  }
  return false;
}

}  // namespace tenax::detail
