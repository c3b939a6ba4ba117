// SPDX-License-Identifier: MIT
// http/detail/response_hint.hpp: makes the hint of a response from its status and its headers.
#pragma once

#include <iterator>
#include <optional>
#include <type_traits>

#include <tenax/detail/reject.hpp>
#include <tenax/errors.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/http/response_traits.hpp>

namespace tenax::http::detail {

/// Whether the directives of a response apply to retries: only if it failed. gRPC's directives come with status 200.
template <class R>
constexpr bool speaks_to_us(R const& r, server_hint const& asked) {
  return http::failed(r) || asked.source == "grpc-retry-pushback-ms";
}

/// Whether a status means "too fast" if a delay comes with it, and something else otherwise.
constexpr bool may_say_too_fast(int status) noexcept { return status == 503 || status == 403; }

/// The statuses that the user has declared to mean "too fast".
struct throttling_statuses {
  int codes[4]{};

  [[nodiscard]] constexpr bool has(int status) const noexcept {
    for (auto const code : codes) {
      if (code == 0) break;
      if (code == status) return true;
    }
    return false;
  }
};

constexpr int require_throttling_status(int code) {
  if (code < 100 || code > 999) {
    invalid_parameter("http::hint_reader::throttled: code", "must be a number of three digits, such as 503",
                      static_cast<double>(code));
  }
  return code;
}

/// Added to a delay that was computed with the clocks of both sides: they are compared in whole seconds, so the delay
/// may be short by nearly a second.
inline constexpr auto clock_slack = std::chrono::seconds(1);

/// What the headers of a response say. Its status is known.
template <class R>
constexpr hint heard(R const& r, int status, server_hint const& asked) {
  hint h;
  if (asked.verdict != server_verdict::none && speaks_to_us(r, asked)) {
    h.verdict = asked.verdict == server_verdict::retry ? verdict::transient : verdict::forbidden;
  }
  if (asked.delay) h.wait = duration(*asked.delay) + (asked.by_local_clock ? clock_slack : std::chrono::seconds(0));
  h.ignored = asked.ignored;
  // An implausible delay is not waited for, but it still shows that requests came too fast.
  h.throttled = (h.wait || !h.ignored.empty()) && may_say_too_fast(status);
  return h;
}

template <class R, class Clock>
constexpr hint to_hint(R const& r, int status, Clock const& clock, profile p) {
  hint h;
  auto const& headers = traits<R>::headers(r);
  // Most responses say nothing, and then the time is not needed.
  if (auto const first = first_relevant(headers); first != std::end(headers)) {
    delay_finder<std::remove_cvref_t<decltype(headers)>> finder(headers, first, status, p);
    h = heard(r, status, finder.find(to_wall_time(clock())));
    h.no_quota = !finder.names_quota();
  } else {
    h.no_quota = true;
  }
  h.throttled = h.throttled || status == 429;
  if constexpr (requires { traits<R>::read_refusal(r, h); }) traits<R>::read_refusal(r, h);
  // A cancellation by the caller has precedence over the server's directive.
  if (http::error_of(r) == transport_error::cancelled) h.verdict = verdict::cancelled;
  return h;
}

constexpr allowance to_allowance(std::optional<quota_state> const& said) {
  if (!said) return {};
  return {.remaining = said->remaining.value_or(allowance::unknown),
          .limit = said->limit.value_or(allowance::unknown),
          .reset = optional_duration(said->reset),
          .window = optional_duration(said->window)};
}

}  // namespace tenax::http::detail
