// SPDX-License-Identifier: MIT
// shared/detail/callers.hpp: the callers of one machine that wait for permits of a shared limit.
#pragma once

#include <cstddef>
#include <cstdint>

#include <tenax/gate/detail/wait_queue.hpp>
#include <tenax/gate/gate.hpp>

namespace tenax::shared::detail {

/// A caller's place. It lives in its ticket.
struct place : tenax::detail::queue_links<place> {
  enum class standing : unsigned char { nowhere, queued, aside, running };

  standing is = standing::nowhere;
  std::int64_t weight = 1;
  std::int64_t index = 0;        ///< the number of its first permit, in the stream of all that this machine uses
  std::int64_t due = INT64_MAX;  ///< when it was told to ask again because its permit may be used; if that is known
  waker wakes{};
  std::int64_t sent = 0;     ///< where a rate is searched for: when it was admitted
  std::int64_t version = 0;  ///< and at which rate
};

/// Callers in order of arrival. Those that are late or wait at another gate keep their rank, and others may pass them.
///
/// Thread safety: none; the caller locks. Nothing allocates.
class callers {
 public:
  [[nodiscard]] place const* front() const noexcept { return queue_.front(); }
  [[nodiscard]] std::size_t size() const noexcept { return queue_.size() + aside_.size(); }
  /// The permits that they wait for.
  [[nodiscard]] std::int64_t permits() const noexcept { return permits_; }
  /// The number of the permit that the first caller gets.
  [[nodiscard]] std::int64_t next() const noexcept { return used_; }

  /// A caller joins.
  void join(place& p) noexcept {
    queue_.append(p);
    p.is = place::standing::queued;
    permits_ += p.weight;
  }
  /// A caller that stood aside is back.
  void come_back(place& p) noexcept {
    if (p.is != place::standing::aside) return;
    aside_.erase(p);
    queue_.insert(p);
    p.is = place::standing::queued;
  }
  /// A caller may be passed until it asks again.
  void step_aside(place& p) noexcept {
    if (p.is != place::standing::queued) return;
    leave_queue(p);
    aside_.insert(p);
    p.is = place::standing::aside;
  }
  /// A caller leaves without permits.
  void leave(place& p) noexcept {
    if (p.is == place::standing::queued) leave_queue(p), permits_ -= p.weight;
    if (p.is == place::standing::aside) aside_.erase(p), permits_ -= p.weight;
    p.is = place::standing::nowhere;
  }
  /// A caller, which has waited or not, uses the next permits.
  void use(place& p) noexcept {
    if (p.is == place::standing::queued) queue_.erase(p), permits_ -= p.weight;
    if (p.is == place::standing::aside) aside_.erase(p), permits_ -= p.weight;
    p.is = place::standing::nowhere;
    used_ += p.weight;
  }
  /// A ticket has moved.
  void moved(place const& from, place& to) noexcept {
    to = from;
    if (from.is == place::standing::queued) queue_.replace(from, to);
    if (from.is == place::standing::aside) aside_.replace(from, to);
  }

  /// How many permits are before those of a caller, one that waits or one that would be the last.
  std::int64_t before(place& p) noexcept {
    bool const waits = p.is == place::standing::queued;
    auto const* const previous = waits ? p.before : queue_.back();
    auto const index = previous == nullptr ? used_ : previous->index + previous->weight;
    // A caller before this one has left, so the next ones move up as well.
    if (waits && index != p.index) wake(p.after);
    p.index = index;
    return index - used_;
  }

  /// Whether a caller may use permits, if `due` of them may be used now: all before it have theirs, or are late by more
  /// than `grace`.
  bool is_next(place& p, std::int64_t due, std::int64_t now, std::int64_t grace) noexcept {
    if (due < p.weight) return false;
    std::int64_t before = 0;
    for (auto* q = queue_.front(); q != nullptr && q != &p;) {
      auto* const next = q->after;
      if (q->due != INT64_MAX && now - q->due > grace) {
        step_aside(*q);
      } else {
        before += q->weight;
        if (before + p.weight > due) return false;
      }
      q = next;
    }
    return true;
  }

  /// Wakes the callers for which there are `in_hand` permits, and which do not know it.
  void wake_served(std::int64_t in_hand) noexcept {
    std::int64_t before = 0;
    for (auto* p = queue_.front(); p != nullptr && before < in_hand; p = p->after) {
      before += p->weight;
      if (p->due == INT64_MAX) wake(p);
    }
  }
  void wake_all() noexcept {
    for (auto* p = queue_.front(); p != nullptr; p = p->after) wake(p);
  }

 private:
  static void wake(place const* p) noexcept {
    if (p != nullptr && p->wakes) p->wakes();
  }
  void leave_queue(place& p) noexcept {
    auto const* const next = p.after;
    queue_.erase(p);
    wake(next);
  }

  tenax::detail::wait_queue<place> queue_;
  tenax::detail::wait_queue<place> aside_;
  std::int64_t permits_ = 0;
  std::int64_t used_ = 0;
};

}  // namespace tenax::shared::detail
