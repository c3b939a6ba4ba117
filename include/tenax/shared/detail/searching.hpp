// SPDX-License-Identifier: MIT
// shared/detail/searching.hpp: what a machine tells a store about a rate that is searched for, and learns of it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace tenax::shared::detail {

/// What machines say of a limit that they do not know: intervals in nanoseconds.
struct search_terms {
  std::int64_t limit = 0;    ///< between requests at the highest rate; 0: none
  std::int64_t least = 0;    ///< at the lowest rate; 0: as the script chooses
  std::int64_t longest = 0;  ///< the longest pause, in microseconds; 0: no rate is searched for

  /// Whether both say the same to other machines.
  [[nodiscard]] bool agrees(search_terms const& o) const noexcept { return limit == o.limit && least == o.least; }
};

/// A machine's side of `adaptive_script`. Times are microseconds. A version is the number of a rate; 0: found without
/// the store.
///
/// Thread safety: none; the caller locks.
class searching {
 public:
  static constexpr std::size_t question_size = 14, answer_size = 8;

  explicit searching(search_terms const& own) noexcept : own_(own), held_(own) {}

  /// Whether a rate is searched for.
  [[nodiscard]] bool on() const noexcept { return own_.longest > 0; }
  [[nodiscard]] std::int64_t version() const noexcept { return version_; }
  /// The phase of the search, a number.
  [[nodiscard]] std::int64_t phase() const noexcept { return phase_; }
  /// The interval of the rate that was found, in nanoseconds; 0: not known. Permits may be further apart for a while,
  /// after a refusal.
  [[nodiscard]] std::int64_t interval() const noexcept { return interval_; }
  /// Whether this machine's terms hold.
  [[nodiscard]] bool own_terms_hold() const noexcept { return held_.agrees(own_); }
  [[nodiscard]] search_terms const& own() const noexcept { return own_; }
  void set(search_terms const& own) noexcept { own_ = held_ = own, interval_ = 0; }

  /// A request of that version was accepted.
  void accepted(std::int64_t version) noexcept {
    if (version == version_) {
      ++ok_;
    } else if (version >= generation_) {
      ++before_;
    }
  }
  /// A request was refused after `took`. `wait`: what the other side said; less than zero: nothing. It is cut.
  void refused(std::int64_t version, std::int64_t took, std::int64_t wait) noexcept {
    if (of_ == 0) took_ = (std::max)(took, std::int64_t{0});
    wait_ = of_ == 0 ? wait : (std::max)(wait, wait_);
    of_ = (std::max)({of_, version, std::int64_t{1}});
  }
  /// The other side says that it allows a request in every `interval` nanoseconds of a window.
  void announced(std::int64_t interval, std::int64_t window) noexcept {
    if (interval != said_) new_said_ = interval, window_ = window;
  }
  /// Leased permits were not used in time.
  void unused(std::int64_t n) noexcept { unused_ += n; }

  /// Whether the store has to know something soon.
  [[nodiscard]] bool has_news() const noexcept { return of_ > 0 || new_said_ > 0 || (prompt_ && ok_ + before_ > 0); }
  /// Whether there is something to tell, which can wait a little.
  [[nodiscard]] bool waits_to_tell() const noexcept { return ok_ + before_ > 0; }
  /// Whether the store does not know of a refusal yet.
  [[nodiscard]] bool was_refused() const noexcept { return of_ > 0; }

  /// Writes the last arguments of a question.
  void write(std::int64_t* to) noexcept {
    sent_of_ = std::exchange(of_, 0), sent_wait_ = wait_;
    auto const wait = (std::min)(wait_, own_.longest);
    void_ = false;
    auto const put = [&to](auto... n) { (..., (*to++ = n)); };
    put(std::int64_t{version_ != 0}, own_.limit, own_.least, version_, std::exchange(ok_, 0), std::exchange(before_, 0),
        std::exchange(unused_, 0), sent_of_, wait, took_, std::int64_t{wait_ > own_.longest},
        std::exchange(new_said_, 0), window_, own_.longest);
  }

  struct news {
    bool revised = false;  ///< there is another version: leased permits are void
    bool adopted = false;  ///< other machines' terms hold
    bool stale = false;    ///< the answer is older than a message: its permits are void
  };
  /// Reads the last results of an answer.
  news read(std::span<std::int64_t const> r) noexcept {
    news n{.revised = r[0] != version_, .stale = void_ && r[0] != heard_};
    if (n.revised) {
      before_ = r[1] == generation_ ? before_ + ok_ : version_ >= r[1] ? ok_ : 0;
      ok_ = unused_ = 0;
    }
    version_ = r[0], generation_ = r[1], phase_ = r[2], prompt_ = r[3] != 0;
    search_terms const now{r[4], r[5], own_.longest};
    n.adopted = !now.agrees(held_) && !now.agrees(own_);
    held_ = now;
    said_ = r[6], interval_ = (std::max)(r[7], std::int64_t{0});
    return n;
  }
  /// There was no answer: what matters most is told again.
  void lost() noexcept {
    if (std::exchange(sent_of_, 0) > 0 && of_ == 0) of_ = 1, wait_ = sent_wait_;
  }
  /// A message names a version. True if it is another one. `asked`: an answer is on its way, and may be older.
  bool heard(std::int64_t version, bool asked) noexcept {
    if (version == version_) return false;
    void_ = asked;
    heard_ = version;
    return true;
  }

 private:
  search_terms own_, held_;
  std::int64_t version_ = 0, generation_ = 0, phase_ = 0, interval_ = 0;
  std::int64_t ok_ = 0;      ///< accepted at the present version
  std::int64_t before_ = 0;  ///< and at others since the last refusal
  std::int64_t unused_ = 0;
  std::int64_t of_ = 0, sent_of_ = 0;  ///< the version of a refused request; 0: none
  std::int64_t took_ = 0, wait_ = 0, sent_wait_ = 0;
  std::int64_t said_ = 0, new_said_ = 0, window_ = 0;
  std::int64_t heard_ = 0;
  bool prompt_ = false;  ///< the store waits for accepted requests
  bool void_ = false;    ///< permits of the answer that is on its way are void, unless it has the version `heard_`
};

}  // namespace tenax::shared::detail
