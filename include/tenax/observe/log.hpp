// SPDX-License-Identifier: MIT
// observe/log.hpp: `log_to`: writes one log line before each retry.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tenax/attempt.hpp>
#include <tenax/detail/duration_text.hpp>
#include <tenax/detail/foreign_text.hpp>
#include <tenax/detail/outcome_text.hpp>
#include <tenax/report.hpp>

namespace tenax {

namespace detail {

/// A line of limited length, cut before the first character that does not fit. No allocation.
class log_line {
 public:
  template <class T>
  explicit log_line(attempt<T> const& a) {
    begin(a, "attempt ");
    number(a.number);
    put(" ");
    put_outcome(a.result);
    put("; attempt ");
    number(std::uint64_t{a.number} + 1);
    if (a.upcoming_wait.count() > 0) {
      put(" in ");
      time(in_passing(a.upcoming_wait));
    } else {
      put(" at once");
    }
    put_server_wait(a);
  }

  explicit log_line(gate_wait const& w) {
    begin(w, "attempt ");
    number(w.number);
    put(" waits at a gate ");
    if (w.upcoming_wait.count() != (duration::max)().count()) put("for ");
    time(in_passing(w.upcoming_wait));
  }

  /// The line for a call that ended.
  template <class T>
  log_line(attempt<T> const& a, stop_reason reason, std::string_view refusal) {
    if (a.number == 0) {
      begin(a, "gave up before the first attempt: ");
      put(to_string(reason));
      if (auto const* const caught = a.result.caught();
          caught != nullptr &&
          (reason == stop_reason::refused_by_gate || reason == stop_reason::server_wait_too_long)) {
        put(": ");
        put(caught->standard()->what());
      }
      return;
    }
    begin(a, "gave up after attempt ");
    number(a.number);
    put(" (");
    put(to_string(reason));
    if (!refusal.empty()) {
      put(": ");
      put(refusal);
    }
    put("), which ");
    put_outcome(a.result);
    put_server_wait(a);
  }

  [[nodiscard]] std::string_view view() const noexcept { return {text_, size_}; }

  // For `write_outcome`.
  void text(std::string_view words) { put(words); }
  void foreign(std::string_view words) { put(words); }
  void time(duration d) { put(duration_text(d).c_str()); }
  template <class V>
  void value(V const& v, std::string_view otherwise) {
    if constexpr (requires { std::string_view(v); }) {
      put(std::string_view(v));
    } else {
      put(otherwise);
    }
  }

 private:
  void begin(attempt_info const& a, char const* words) {
    put("tenax: ");
    if (*a.name != '\0') {
      put(a.name);
      put(": ");
    }
    put(words);
  }

  void number(std::uint64_t n) {
    char digits[24];
    std::snprintf(digits, sizeof digits, "%llu", static_cast<unsigned long long>(n));
    put(digits);
  }

  template <class T>
  void put_server_wait(attempt<T> const& a) {
    write_server_wait(*this, a.server_wait);
    if (!a.hint.ignored.empty()) {
      put(" (");
      put(a.hint.ignored);
      put(" ignored: not plausible)");
    }
  }

  void put(std::string_view words) {
    while (!words.empty()) {
      auto const character = take_safe(words);
      if (character.size() > most_ - size_) most_ = size_;  // nothing may follow what was cut
      if (size_ == most_) break;
      for (char const c : character) text_[size_++] = c;
    }
    text_[size_] = '\0';
  }

  template <class T>
  void put_outcome(outcome<T> const& result) {
    if (!write_outcome(*this, result)) put("returned a result that is to be retried");
  }

  char text_[512];
  std::size_t size_ = 0;
  std::size_t most_ = sizeof text_ - 1;
};

template <class Sink>
struct log_observer {
  static constexpr bool uses_time = false;

  Sink sink;

  void operator()(gate_wait const& w) const { write(log_line(w)); }
  template <class T>
  void operator()(attempt<T> const& a) const {
    write(log_line(a));
  }
  template <class T>
  void operator()(attempt<T> const& a, stop_reason reason, char const* refusal = "") const {
    write(log_line(a, reason, refusal));
  }

 private:
  void write(log_line const& line) const {
    if constexpr (std::is_same_v<Sink, std::FILE*>) {
      std::fprintf(sink, "%s\n", line.view().data());
    } else {
      sink(line.view());
    }
  }
};

}  // namespace detail

/// Writes one line before each sleep, for `.before_sleep()`:
/// `tenax: attempt 2 failed: connection reset; attempt 3 in 1.5s (the server asked for 1s)`,
/// for `.before_gate_wait()`: `tenax: attempt 3 waits at a gate for 250ms`,
/// and for `.on_give_up()` one at the end: `tenax: gave up after attempt 3 (attempts), which failed: connection reset`.
/// If the policy wanted another attempt, the line says why there is none: `(not_retryable: POST without an idempotency
/// key)`, `(refused_by_gate: circuit open)`. It names a field whose wait was ignored because it is not plausible:
/// `(Retry-After ignored: not plausible)`.
/// `sink` is a `FILE*`, or a function that takes the line as a `std::string_view` without a newline. A line is UTF-8 of
/// at most 511 bytes, and never ends inside a character. Control characters and Unicode's line separators are replaced
/// by spaces, bytes that are not UTF-8 by question marks, so that a server's text cannot forge lines or control a
/// terminal. The name of the call, if `.named()` set one, stands before the rest: `tenax: catalogue: attempt 2 failed`.
///
/// Allocates nothing, unless the `message()` of an error category of yours does.
///
/// Thread safety: each line is written to a `FILE*` in one call, so that lines of several threads do not mix.
template <class Sink>
[[nodiscard]] constexpr detail::log_observer<Sink> log_to(Sink sink) {
  static_assert(std::is_same_v<Sink, std::FILE*> || std::is_invocable_v<Sink const&, std::string_view>,
                "tenax: log_to() needs a FILE* such as stderr, or a function that takes a std::string_view");
  return {std::move(sink)};
}

}  // namespace tenax
