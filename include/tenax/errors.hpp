// SPDX-License-Identifier: MIT
// errors.hpp: errors that say whether to retry (`permanent`, `retry_after`), and exceptions that a call throws itself.
#pragma once

#include <exception>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tenax/detail/reject.hpp>
#include <tenax/duration.hpp>

namespace tenax {

/// What a failure, or a server's answer, says about another attempt.
enum class verdict : unsigned char {
  none,       ///< no opinion: the policy decides
  transient,  ///< the failure may pass: predicates about transient failures accept it, and gates count it as one
  retry,      ///< try again, whatever the retry predicate says; stop conditions and a predicate's veto still hold
  no_retry,   ///< the operation knows that it will fail again: end with `stop_reason::not_retryable`
  forbidden,  ///< the server asks clients not to try again: end with `stop_reason::server_forbids`
  cancelled   ///< the operation was cancelled: end with `stop_reason::cancelled`
};

/// What a failure, or a server's answer, says about the call: whether to try again, when, and how gates count it.
struct hint {
  tenax::verdict verdict = tenax::verdict::none;
  optional_duration wait{};   ///< the shortest wait that the other side asked for; a negative wait is ignored
  bool throttled = false;     ///< refused because of a rate limit; gates slow down for it
  bool inconclusive = false;  ///< the attempt shows nothing about the other side: nothing was sent, or it was cancelled
  bool progress = false;      ///< the attempt got further than those before it; see `.reset_on_progress()`
  bool no_quota = false;  ///< the answer was searched for the rest of a quota, and names none: gates need not search
  /// The name of a field whose wait was not plausible and was ignored, such as `Retry-After`: a word for the log. Must
  /// live as long as the program.
  std::string_view ignored{};

  friend constexpr bool operator==(hint const&, hint const&) = default;
};

/// The base of every failure that carries a `hint`. The library finds it in a thrown exception and in the error of an
/// expected-like result.
class error_with_hint {
 public:
  [[nodiscard]] constexpr tenax::hint const& hint() const noexcept { return hint_; }

  /// The same failure as a `std::exception`, or null if it is not one.
  [[nodiscard]] virtual std::exception const* as_exception() const noexcept { return nullptr; }

 protected:
  constexpr explicit error_with_hint(tenax::hint h) noexcept : hint_(h) {}
  constexpr error_with_hint(error_with_hint const&) noexcept = default;
  constexpr error_with_hint& operator=(error_with_hint const&) noexcept = default;
  constexpr virtual ~error_with_hint() = default;

 private:
  tenax::hint hint_;
};

namespace detail {

/// Whether the virtual base classes of `E` have to be assigned: the constructor of a derived class makes new ones, and
/// `E`'s does not copy them. Known for those that derive virtually from `std::exception`, as with Boost.Exception.
template <class E>
inline constexpr bool assigns_bases = std::is_convertible_v<E*, std::exception*> && !requires(std::exception* e) {
  static_cast<E*>(e);
} && std::is_copy_constructible_v<E> && std::is_move_assignable_v<E>;

}  // namespace detail

/// An `E` and what it says about trying again. Derives from `E` if that is a class, so that `catch (E const&)` still
/// catches it; holds anything else as a member.
template <class E, bool Derive = std::is_class_v<E> && !std::is_final_v<E> && !std::is_base_of_v<error_with_hint, E>>
class with_hint : public E, public error_with_hint {
 public:
  constexpr with_hint(E error, tenax::hint h = {})
      : E(static_cast<std::conditional_t<detail::assigns_bases<E>, E const&, E&&>>(error)), error_with_hint(h) {
    if constexpr (detail::assigns_bases<E>) static_cast<E&>(*this) = std::move(error);
  }

  [[nodiscard]] constexpr E const& error() const noexcept { return *this; }

  [[nodiscard]] std::exception const* as_exception() const noexcept override {
    if constexpr (std::is_convertible_v<E const*, std::exception const*>) {
      return static_cast<E const*>(this);
    } else {
      return nullptr;
    }
  }
};

template <class E>
class with_hint<E, false> : public error_with_hint {
 public:
  constexpr with_hint(E error, tenax::hint h = {}) : error_with_hint(h), error_(std::move(error)) {}

  [[nodiscard]] constexpr E const& error() const noexcept { return error_; }

  friend constexpr bool operator==(with_hint const& a, E const& b) { return a.error_ == b; }

 private:
  E error_;
};

template <class E>
with_hint(E, hint = {}) -> with_hint<E>;

/// A failure that no further attempt can cure: `throw tenax::permanent(not_found(id));`, or the error of an
/// expected-like result. Ends the call with `stop_reason::not_retryable`, whatever the retry predicate says.
///
/// The caller catches the `E` that was thrown. An `E` that cannot be a base class (an `int`, a final class) arrives as
/// `tenax::with_hint<E>`; its `error()` is the `E`.
template <class E>
[[nodiscard]] constexpr with_hint<std::decay_t<E>> permanent(E&& error) {
  static_assert(!std::is_base_of_v<error_with_hint, std::decay_t<E>>,
                "tenax: permanent() was given an error that already says whether to retry; pass the plain error");
  return {std::forward<E>(error), hint{.verdict = verdict::no_retry}};
}

/// A failure after which the other side asked for a wait: `throw tenax::retry_after(30s, throttled());`, or the error
/// of an expected-like result. The next attempt starts after `wait` at the earliest, and later if the policy's own wait
/// is longer.
///
/// Throws `std::invalid_argument` for a negative wait.
template <class E>
[[nodiscard]] constexpr with_hint<std::decay_t<E>> retry_after(any_duration wait, E&& error) {
  static_assert(!std::is_base_of_v<error_with_hint, std::decay_t<E>>,
                "tenax: retry_after() was given an error that already says whether to retry; pass the plain error");
  return {std::forward<E>(error), hint{.verdict = verdict::retry,
                                       .wait = detail::require_not_negative("tenax::retry_after: wait", wait),
                                       .throttled = true}};
}

/// A failure after some progress: `throw tenax::made_progress(connection_lost());`, or the error of an expected-like
/// result. A policy with `.reset_on_progress()` counts attempts and grows waits from the start again. The retry
/// predicate decides about the error as usual.
template <class E>
[[nodiscard]] constexpr with_hint<std::decay_t<E>> made_progress(E&& error) {
  static_assert(!std::is_base_of_v<error_with_hint, std::decay_t<E>>,
                "tenax: made_progress() was given an error that already says whether to retry; pass the plain error");
  return {std::forward<E>(error), hint{.progress = true}};
}

/// Overloads for wrong calls of `retry_after`: their messages show the right one.
template <detail::bare_value Wait>
[[nodiscard]] constexpr with_hint<int> retry_after(Wait) {
  static_assert(detail::always_false<Wait>,
                "tenax: retry_after() needs the error after the wait; write throw tenax::retry_after(5s, "
                "std::runtime_error(\"busy\"))");
  return {0};
}
template <class E, detail::bare_value Wait>
  requires(!detail::bare_value<E>)
[[nodiscard]] constexpr with_hint<int> retry_after(E&&, Wait) {
  static_assert(detail::always_false<Wait>,
                "tenax: retry_after() was given the error first; write tenax::retry_after(5s, error)");
  return {0};
}

/// Thrown by a call that was cancelled before its first attempt had ended. If the operation itself throws it, the call
/// ends: no predicate can turn it into another attempt.
class cancelled : public std::exception, public error_with_hint {
 public:
  cancelled() noexcept : error_with_hint({.verdict = verdict::cancelled}) {}
  [[nodiscard]] char const* what() const noexcept override { return "tenax: cancelled"; }
  [[nodiscard]] std::exception const* as_exception() const noexcept override { return this; }
};

/// Thrown by a call whose deadline left no time for a first attempt: the deadline had passed, or a gate asked for a
/// wait that would end after it.
class expired : public std::exception, public error_with_hint {
 public:
  expired() noexcept : error_with_hint({.inconclusive = true}) {}
  [[nodiscard]] char const* what() const noexcept override {
    return "tenax: the deadline left no time for a first attempt";
  }
  [[nodiscard]] std::exception const* as_exception() const noexcept override { return this; }
};

/// Thrown for an attempt that exceeded its time, in calls that can interrupt it: `.attempt_timeout()`, or what was left
/// until the deadline.
class attempt_timed_out : public std::runtime_error {
 public:
  attempt_timed_out() : std::runtime_error("tenax: the attempt took longer than its time limit") {}
  /// `limit`: the time that the attempt had.
  explicit attempt_timed_out(any_duration limit) : std::runtime_error(text(limit).words) {}

 private:
  struct text {
    explicit text(duration limit) {
      std::snprintf(words, sizeof words,
                    "tenax: the attempt took longer than the %s that .attempt_timeout() and the deadline allow",
                    detail::duration_text(limit).c_str());
    }
    char words[128];
  };
};

/// Thrown by a call that a gate refused before its first attempt, or that a gate would have delayed by more than
/// `max_server_wait` at a server's request. An outer policy that retries it waits at least `retry_after()`, as for a
/// server's wait.
class refused : public std::exception, public error_with_hint {
 public:
  explicit refused(char const* reason, optional_duration retry_after = {}) noexcept
      : error_with_hint({.wait = retry_after, .inconclusive = true}), reason_(reason) {}

  /// The gate's reason, for example `circuit open`.
  [[nodiscard]] char const* what() const noexcept override { return reason_; }

  /// The wait after which the gate may admit the call, if the gate knows it.
  [[nodiscard]] constexpr optional_duration retry_after() const noexcept { return hint().wait; }

  [[nodiscard]] std::exception const* as_exception() const noexcept override { return this; }

 private:
  char const* reason_;
};

}  // namespace tenax
