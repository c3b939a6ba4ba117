// SPDX-License-Identifier: MIT
// fmt/report.hpp: attempts, outcomes, reports, stop reasons and counters for {fmt}.
#pragma once

#include <type_traits>

#include <tenax/detail/outcome_text.hpp>
#include <tenax/fmt/description.hpp>
#include <tenax/observe/counters_snapshot.hpp>
#include <tenax/report.hpp>

namespace tenax::detail {

/// Writes how an attempt ended. A value that is not a failure is written with its own formatter.
template <class T>
void write(description& out, outcome<T> const& result) {
  if (write_outcome(out, result)) return;
  out.text("returned");
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

inline void write_name(description& out, char const* name) {
  if (*name == '\0') return;
  out.foreign(name);
  out.text(": ");
}

inline void write_times(description& out, attempt_info const& a) {
  write_time(out, ", elapsed ", a.elapsed);
  write_time(out, ", waited ", a.waited);
  write_time(out, ", next wait ", a.upcoming_wait);
  write_server_wait(out, a.server_wait);
}

inline void write(description& out, attempt_info const& a) {
  write_name(out, a.name);
  out.text("attempt ");
  out.number(a.number);
  write_times(out, a);
}

template <class T>
void write(description& out, attempt<T> const& a) {
  write_name(out, a.name);
  out.text("attempt ");
  out.number(a.number);
  out.text(" ");
  write(out, a.result);
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
  write_name(out, r.name);
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
  out.text("; the last one ");
  write(out, r.result);
}

inline void write(description& out, wait_source by) {
  out.text(by == wait_source::server ? "the server" : "the policy");
}

inline void write(description& out, counters_snapshot const& c) {
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

template <class T>
struct fmt::formatter<tenax::outcome<T>> : tenax::detail::written<tenax::outcome<T>> {};

template <>
struct fmt::formatter<tenax::wait_source> : tenax::detail::written<tenax::wait_source> {};

template <>
struct fmt::formatter<tenax::stop_reason> : tenax::detail::written<tenax::stop_reason> {};

template <class T>
struct fmt::formatter<tenax::report<T>> : tenax::detail::written<tenax::report<T>> {};

template <>
struct fmt::formatter<tenax::counters_snapshot> : tenax::detail::written<tenax::counters_snapshot> {};

template <>
struct fmt::formatter<tenax::counters_reading> : tenax::detail::written<tenax::counters_snapshot> {};
