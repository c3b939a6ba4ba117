// SPDX-License-Identifier: MIT
// servers.hpp: simulated servers, with different ways to limit their clients.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <utility>

#include "world.hpp"

namespace simulation {

/// How a server reports how long to wait.
enum class tells { nothing, seconds_rounded_up, seconds_rounded_down };

inline tenax::optional_duration told(tells how, tenax::duration d) {
  switch (how) {
    case tells::nothing: break;
    case tells::seconds_rounded_up: return std::chrono::ceil<std::chrono::seconds>(d);
    case tells::seconds_rounded_down: return std::chrono::floor<std::chrono::seconds>(d);
  }
  return {};
}

/// Admits a maximum number of requests in any window of a length, as most catalogue and map services count.
class rolling_window {
 public:
  /// `tells_left`: whether every answer contains the remaining number of requests.
  rolling_window(std::size_t most, tenax::duration window, tells how, bool tells_left = false)
      : most_(most), window_(window), how_(how), tells_left_(tells_left) {}

  reply answer(tenax::time_point now) {
    while (!taken_.empty() && taken_.front() <= now - window_) taken_.pop_front();
    if (taken_.size() >= most_) return {429, told(how_, taken_.front() + window_ - now), {}};
    taken_.push_back(now);
    reply r;
    if (tells_left_) r.left = {.remaining = most_ - taken_.size(), .reset = taken_.front() + window_ - now};
    return r;
  }

 private:
  std::size_t most_;
  tenax::duration window_;
  tells how_;
  bool tells_left_;
  std::deque<tenax::time_point> taken_;
};

/// Admits a maximum number of requests in each window; windows begin at multiples of their length.
class fixed_window {
 public:
  fixed_window(std::uint64_t most, tenax::duration window, tells how) : most_(most), window_(window), how_(how) {}

  reply answer(tenax::time_point now) {
    auto const number = now.time_since_epoch() / window_;
    if (number != number_) {
      number_ = number;
      taken_ = 0;
    }
    if (taken_ == most_) return {429, told(how_, window_ - now.time_since_epoch() % window_), {}};
    ++taken_;
    return {};
  }

 private:
  std::uint64_t most_;
  tenax::duration window_;
  tells how_;
  std::int64_t number_ = -1;
  std::uint64_t taken_ = 0;
};

/// A bucket with a maximum content that fills evenly.
class token_bucket {
 public:
  token_bucket(double per_second, double burst, tells how)
      : rate_(per_second), burst_(burst), left_(burst), how_(how) {}

  reply answer(tenax::time_point now) {
    using seconds = std::chrono::duration<double>;
    left_ = std::min(burst_, left_ + seconds(now - last_).count() * rate_);
    last_ = now;
    if (left_ < 1) return {429, told(how_, std::chrono::ceil<tenax::duration>(seconds((1 - left_) / rate_))), {}};
    left_ -= 1;
    return {};
  }

 private:
  double rate_, burst_, left_;
  tells how_;
  tenax::time_point last_{};
};

/// Requires a minimum time between two requests; the rate may change with time.
class strict_interval {
 public:
  strict_interval(std::function<double(double)> per_second, tells how) : rate_(std::move(per_second)), how_(how) {}

  reply answer(tenax::time_point now) {
    auto const t = std::chrono::duration<double>(now.time_since_epoch()).count();
    auto const interval = std::chrono::floor<tenax::duration>(std::chrono::duration<double>(1 / rate_(t)));
    if (any_ && now - last_ < interval) return {429, told(how_, interval - (now - last_)), {}};
    any_ = true;
    last_ = now;
    return {};
  }

 private:
  std::function<double(double)> rate_;
  tells how_;
  bool any_ = false;
  tenax::time_point last_{};
};

/// Counts all requests, also those that it refuses, as haproxy's `http_req_rate`: a client that keeps asking stays
/// refused. The rate is the count of the present period and the part of the last one that still counts.
class counts_all_requests {
 public:
  counts_all_requests(std::uint64_t most, tenax::duration period, tells how)
      : most_(most), period_(period), how_(how) {}

  reply answer(tenax::time_point now) {
    auto const number = now.time_since_epoch() / period_;
    if (number != number_) {
      before_ = number == number_ + 1 ? count_ : 0;
      number_ = number;
      count_ = 0;
    }
    ++count_;
    auto const passed = now.time_since_epoch() % period_;
    auto const left = static_cast<std::uint64_t>((period_ - passed).count());
    auto const rate = count_ + static_cast<std::uint64_t>(static_cast<double>(before_) * static_cast<double>(left) /
                                                          static_cast<double>(period_.count()));
    if (rate > most_) return {429, told(how_, period_ - passed), {}};
    return {};
  }

 private:
  std::uint64_t most_;
  tenax::duration period_;
  tells how_;
  std::int64_t number_ = -1;
  std::uint64_t count_ = 0;
  std::uint64_t before_ = 0;
};

/// A bucket of whole permits, as Varnish's vsthrottle (varnish-modules 0.20): a request that takes a permit loses the
/// part of one that has accrued, so that a client with jitter gets less than the rate. When the bucket is empty, it may
/// block its client for a while. Requests during the block do not renew it, but take permits: a client that asks
/// more often than the rate allows is blocked again when it ends.
class vsthrottle {
 public:
  vsthrottle(std::int64_t most, tenax::duration period, tenax::duration block = {},
             tenax::optional_duration retry_after = {})
      : most_(most), period_(period), block_(block), retry_after_(retry_after), left_(most) {}

  reply answer(tenax::time_point now) {
    std::chrono::duration<double> const passed = now - last_, period = period_;
    auto const accrued = static_cast<std::int64_t>(passed / period * static_cast<double>(most_));
    left_ = std::min(most_, left_ + accrued);
    bool const blocked = now < blocked_until_, any = left_ > 0;
    if (any) --left_;
    if (any || blocked) last_ = now;
    if (!any && !blocked) blocked_until_ = now + block_;
    if (any && !blocked) return {};
    return {.status = 429, .retry_after = retry_after_};
  }

 private:
  std::int64_t most_;
  tenax::duration period_, block_;
  tenax::optional_duration retry_after_;
  std::int64_t left_;
  tenax::time_point last_{}, blocked_until_{};
};

/// A bucket that blocks its client for a while when it is empty, and every request during the block renews it, as
/// @fastify/rate-limit with `continueExceeding`.
class renewed_block {
 public:
  renewed_block(double per_second, double burst, tenax::duration block)
      : bucket_(per_second, burst, tells::nothing), block_(block) {}

  reply answer(tenax::time_point now) {
    if (now < blocked_until_ || bucket_.answer(now).status != 200) {
      blocked_until_ = now + block_;
      return {.status = 429};
    }
    return {};
  }

 private:
  token_bucket bucket_;
  tenax::duration block_;
  tenax::time_point blocked_until_{};
};

/// Keeps its rate in thousandths of a request per second, rounded down, and times in milliseconds, as nginx's
/// `limit_req`: one request per minute is one in 62.5 s.
class rate_in_thousandths {
 public:
  rate_in_thousandths(std::int64_t requests, std::chrono::seconds per, std::int64_t burst = 0)
      : rate_(requests * 1000 / per.count()), burst_(burst * 1000) {}

  reply answer(tenax::time_point now) {
    auto const ms = std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()).count();
    auto const excess = any_ ? std::max<std::int64_t>(excess_ - rate_ * (ms - last_) / 1000 + 1000, 0) : 0;
    if (excess > burst_) return {.status = 429};
    any_ = true;
    excess_ = excess;
    last_ = ms;
    return {};
  }

 private:
  std::int64_t rate_, burst_;
  std::int64_t excess_ = 0;
  std::int64_t last_ = 0;
  bool any_ = false;
};

/// How a server handles more requests than it can serve.
enum class overload {
  queues,  ///< serves all requests in order, even those whose client has hung up by then
  sheds    ///< refuses immediately the requests that would wait for longer than a quarter of the clients' patience
};

/// How a server handles a request during an outage: refuses it immediately, or never answers.
enum class outage_kind { refuses, hangs };

/// Serves a number of requests per second, first come, first served, and none during an outage.
class queueing_server {
 public:
  queueing_server(double per_second, tenax::duration patience, overload o = overload::queues)
      : service_(1e9 / per_second), patience_(patience), overload_(o) {}

  void outage(tenax::time_point from, tenax::time_point to, outage_kind kind = outage_kind::refuses) {
    from_ = from, to_ = to, kind_ = kind;
  }

  /// Calls `answer` when the request is served, or when its client has run out of patience.
  template <class Answer>
  void serve(world& w, Answer answer) {
    auto const now = w.now();
    auto const fail = [&](int status, tenax::duration after) {
      w.after(after, [answer, status] { answer(reply{.status = status}); });
    };
    if (now >= from_ && now < to_) return kind_ == outage_kind::refuses ? fail(503, at_once()) : fail(504, patience_);
    auto const served = std::max(free_at_, static_cast<double>(now.time_since_epoch().count())) + service_;
    auto const wait = tenax::duration(static_cast<std::int64_t>(served)) - now.time_since_epoch();
    if (overload_ == overload::sheds && wait > patience_ / 4) return fail(503, at_once());
    free_at_ = served;
    if (wait > patience_) return fail(504, patience_);
    w.after(wait, [answer] { answer(reply{.status = 200}); });
  }

 private:
  [[nodiscard]] tenax::duration at_once() const noexcept { return patience_ / 1000; }

  double service_;
  tenax::duration patience_;
  overload overload_;
  double free_at_ = 0;
  tenax::time_point from_{}, to_{};
  outage_kind kind_ = outage_kind::refuses;
};

}  // namespace simulation
