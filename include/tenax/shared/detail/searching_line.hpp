// SPDX-License-Identifier: MIT
// shared/detail/searching_line.hpp: the callers of one machine that wait for a limit that all machines search for.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include <tenax/shared/detail/line.hpp>

namespace tenax::shared::detail {

/// Thread safety: safe.
class searching_line final : public line {
 public:
  using line::line;
  using line::set;

  /// The terms of the search for a rate are others. `r`: the rate until the store answers.
  void set(search_terms const& terms, rates const& r, std::int64_t now) {
    change(now, [&] {
      talk_.set(terms, r);
      hand_.clear();
      callers_.wake_all();
    });
  }
  /// A request was accepted, which `p` was admitted for.
  void accepted(place const& p, std::int64_t now) {
    change(now, [&] {
      talk_.search().accepted(p.version);
      alone_refusals_ = 0;
    });
  }
  /// It was refused. `wait`: microseconds that the other side asked for; less than zero: none.
  void refused(place const& p, std::int64_t wait, std::int64_t now) {
    change(now, [&] {
      auto const took = (now - p.sent) / 1000;
      ++throttled_;
      talk_.search().refused(p.version, took, wait);
      auto const pause = wait >= 0 ? wait : talk_.away() ? hold_alone(took) : 0;
      if (pause == 0) return;
      talk_.heard(now, longest(pause));
      hand_.clear();
      if (wait > 0) events_.add(event::kind::paused, "the other side asked for a pause");
    });
  }
  void announced(std::int64_t interval, std::int64_t window, std::int64_t now) {
    change(now, [&] { talk_.search().announced(interval, window); });
  }
  /// The phase of the search for a rate, and the requests of this machine that were refused.
  std::pair<std::int64_t, std::uint64_t> found() const {
    lock const held(mutex_);
    return {talk_.search().phase(), throttled_};
  }

 private:
  /// Without the store, and without a word of the other side: longer after each refusal.
  std::int64_t hold_alone(std::int64_t took) noexcept {
    auto const least = (std::max)(took, talk_.held().time_of(talk_.machines()));
    return least << (std::min)(alone_refusals_++, 6);
  }
  std::uint64_t throttled_ = 0;
  int alone_refusals_ = 0;
};

}  // namespace tenax::shared::detail
