// SPDX-License-Identifier: MIT
// gate/detail/wait_queue.hpp: callers that wait, in order of arrival, linked through their tickets.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tenax::detail {

/// A place in a queue. It lives in the ticket of its caller, and has no meaning while the caller does not wait.
template <class Place>
struct queue_links {
  Place* before = nullptr;
  Place* after = nullptr;
  std::uint64_t rank = 0;  ///< the number in order of arrival
};

/// Waiting callers, by rank. Every operation takes the same time however many wait, except `insert`, which takes as
/// long as callers of a lower rank wait. It does not allocate, and is used under a lock.
template <class Place>
class wait_queue {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] Place* front() const noexcept { return first_; }
  [[nodiscard]] Place* back() const noexcept { return last_; }

  /// The rank of a caller that arrives now.
  [[nodiscard]] std::uint64_t next_rank() noexcept { return ++last_rank_; }

  /// Puts a caller behind all others that have ever waited.
  void append(Place& p) noexcept {
    p.rank = next_rank();
    link(p, last_, nullptr);
  }

  /// Puts a caller at its rank.
  void insert(Place& p) noexcept {
    auto* after = first_;
    while (after != nullptr && after->rank < p.rank) after = after->after;
    link(p, after == nullptr ? last_ : after->before, after);
  }

  void erase(Place& p) noexcept {
    (p.before == nullptr ? first_ : p.before->after) = p.after;
    (p.after == nullptr ? last_ : p.after->before) = p.before;
    --size_;
  }

  /// A ticket has moved: `to`, a copy of `from`, takes its place.
  void replace(Place const& from, Place& to) noexcept {
    (from.before == nullptr ? first_ : from.before->after) = &to;
    (from.after == nullptr ? last_ : from.after->before) = &to;
  }

 private:
  void link(Place& p, Place* before, Place* after) noexcept {
    p.before = before;
    p.after = after;
    (before == nullptr ? first_ : before->after) = &p;
    (after == nullptr ? last_ : after->before) = &p;
    ++size_;
  }

  Place* first_ = nullptr;
  Place* last_ = nullptr;
  std::size_t size_ = 0;
  std::uint64_t last_rank_ = 0;
};

}  // namespace tenax::detail
