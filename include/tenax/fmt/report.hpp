// SPDX-License-Identifier: MIT
// fmt/report.hpp: attempts, reports, stop reasons and counters for {fmt}.
#pragma once

#include <concepts>

#include <tenax/fmt/description.hpp>
#include <tenax/report.hpp>
#include <tenax/result_traits.hpp>

namespace tenax::detail {

template <class R>
void write_error(description& out, R const& error) {
  if constexpr (requires { std::string_view(error.message()); }) {
    out.foreign(std::string_view(error.message()));
  } else if constexpr (requires { std::string_view(error.what()); }) {
    out.foreign(std::string_view(error.what()));
  } else if constexpr (expected_like<R>) {
    write_error(out, error.error());
  } else {
    out.value(error, "an error");
  }
}

/// The output for `result_traits::describe`: its text may come from a server.
struct foreign_words {
  description& out;
  void text(std::string_view words) { out.foreign(words); }
};

template <class T>
void write_outcome(description& out, outcome<T> const& result) {
  if (auto const* const caught = result.caught()) {
    out.text(" failed: ");
    out.foreign(caught->standard() != nullptr ? caught->standard()->what() : "an exception of another type");
    return;
  }
  if constexpr (can_fail<T>) {
    auto const failed = result_failed(result);
    if constexpr (requires(foreign_words& words) { traits_of<T>::describe(result.value(), words); }) {
      out.text(failed ? " failed: " : " returned ");
      foreign_words words{out};
      return traits_of<T>::describe(result.value(), words);
    } else if (failed) {
      out.text(" failed: ");
      return write_error(out, result.value());
    }
  }
  out.text(" returned");
  if constexpr (!std::is_void_v<T>) {
    out.text(" ");
    out.value(result.value(), "a value");
  }
}

/// Writes a time, unless it is zero.
inline void write_time(description& out, std::string_view words, duration d) {
  if (d == duration::zero()) return;
  out.text(words);
  out.time(in_passing(d));
}

inline void write_server_wait(description& out, optional_duration d) {
  if (!d) return;
  out.text(" (the server asked for ");
  *d == (duration::max)() ? out.text("a wait without end") : out.time(in_passing(*d));
  out.text(")");
}

inline void write_times(description& out, attempt_info const& a) {
  write_time(out, ", elapsed ", a.elapsed);
  write_time(out, ", waited ", a.waited);
  write_time(out, ", next wait ", a.upcoming_wait);
  write_server_wait(out, a.server_wait);
}

inline void write(description& out, attempt_info const& a) {
  out.text("attempt ");
  out.number(a.number);
  write_times(out, a);
}

template <class T>
void write(description& out, attempt<T> const& a) {
  out.text("attempt ");
  out.number(a.number);
  write_outcome(out, a.result);
  write_times(out, a);
}

inline void write(description& out, stop_reason reason) {
  switch (reason) {
    case stop_reason::succeeded: return out.text("succeeded");
    case stop_reason::not_retryable: return out.text("not retryable");
    case stop_reason::attempts: return out.text("out of attempts");
    case stop_reason::deadline: return out.text("out of time");
    case stop_reason::cancelled: return out.text("cancelled");
    case stop_reason::refused_by_gate: return out.text("refused by a gate");
    case stop_reason::server_forbids: return out.text("forbidden by the server");
    case stop_reason::server_wait_too_long: return out.text("the server's wait is too long");
    case stop_reason::expired_on_entry: return out.text("no time for a first attempt");
  }
  out.text("unknown");
}

template <class T>
void write(description& out, report<T> const& r) {
  out.text(r.succeeded() ? "succeeded after " : "gave up after ");
  out.count(r.attempts, " attempt", " attempts");
  if (!r.succeeded()) {
    out.text(", ");
    write(out, r.reason);
    if (*r.refusal != '\0') {
      out.text(": ");
      out.text(r.refusal);
      if (r.retry_after) {
        out.text(", again in ");
        out.time(in_passing(*r.retry_after));
      }
    }
  }
  write_server_wait(out, r.server_wait);
  write_time(out, ", elapsed ", r.elapsed);
  write_time(out, ", waited ", r.waited);
  if (r.attempts == 0) return;
  out.text("; the last one");
  write_outcome(out, r.result);
}

/// Recognizes `tenax::counters::snapshot` by its members: naming the type would include <atomic> for all users.
template <class C>
concept totals = requires(C const& c) {
  { c.waiting } -> std::same_as<duration const&>;
  { c.gate_waiting } -> std::same_as<duration const&>;
  { c.attempts } -> std::same_as<std::uint64_t const&>;
  { c.retries } -> std::same_as<std::uint64_t const&>;
  { c.succeeded } -> std::same_as<std::uint64_t const&>;
  { c.gave_up } -> std::same_as<std::uint64_t const&>;
};

template <totals C>
void write(description& out, C const& c) {
  out.count(c.succeeded + c.gave_up, " call", " calls");
  out.text(" (");
  out.number(c.succeeded);
  out.text(" succeeded, ");
  out.number(c.gave_up);
  out.text(" gave up), ");
  out.count(c.attempts, " attempt", " attempts");
  out.text(", ");
  out.count(c.retries, " retry", " retries");
  write_time(out, ", waits of ", c.waiting);
  write_time(out, ", at gates of ", c.gate_waiting);
}

}  // namespace tenax::detail

template <>
struct fmt::formatter<tenax::attempt_info> : tenax::detail::written<tenax::attempt_info> {};

template <class T>
struct fmt::formatter<tenax::attempt<T>> : tenax::detail::written<tenax::attempt<T>> {};

template <>
struct fmt::formatter<tenax::stop_reason> : tenax::detail::written<tenax::stop_reason> {};

template <class T>
struct fmt::formatter<tenax::report<T>> : tenax::detail::written<tenax::report<T>> {};

template <tenax::detail::totals C>
struct fmt::formatter<C, char> : tenax::detail::written<C> {};
