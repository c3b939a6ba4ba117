// SPDX-License-Identifier: MIT
// gate/detail/waiting_line.hpp: waiting callers in order, with the sum of the permits that those before a caller want.
#pragma once

#include <cstdint>

#include <tenax/gate/gate.hpp>
#include <tenax/platform/arithmetic.hpp>

namespace tenax::detail {

/// A place in line. It lives in the ticket of its caller, and has no meaning while the caller does not wait.
struct line_place {
  line_place* above;
  line_place* left;   // places that came earlier
  line_place* right;  // places that came later
  std::uint64_t rank;
  std::uint64_t priority;  // decides the shape of the tree
  std::uint64_t weight;
  std::uint64_t weights;  // sum of all places from here down
  std::int64_t asks;      // when the caller is expected to ask again
  std::int64_t first;     // the earliest `asks` from here down
  std::int64_t late;      // after this moment, others may pass the caller
  waker wakes;            // none: the caller asks by itself
  bool linked = false;

  line_place() noexcept {}  // NOLINT: sets nothing, so that a caller that does not wait does not pay for it
};

/// Waiting callers, by rank. A treap: a search tree with the shape of a tree that was built in random order. It keeps
/// sums, so the total before a place takes as many steps as the tree is deep. It does not allocate, and is used under a
/// lock.
class waiting_line {
 public:
  struct summary {
    std::uint64_t weights = 0;
    std::int64_t first = INT64_MAX;  // when the first of these callers is expected to ask again
  };

  [[nodiscard]] bool empty() const noexcept { return root_ == nullptr; }

  /// The summary of all callers that wait.
  [[nodiscard]] summary all() const noexcept {
    return root_ == nullptr ? summary{} : summary{root_->weights, root_->first};
  }

  /// The summary of the callers before a place.
  [[nodiscard]] summary before(line_place const& p) const noexcept {
    summary s;
    add_tree(s, p.left);
    for (auto const* at = &p; at->above != nullptr; at = at->above) {
      if (at->above->left == at) continue;
      add_tree(s, at->above->left);
      add(s, at->above->weight, at->above->asks);
    }
    return s;
  }

  [[nodiscard]] line_place* head() const noexcept {
    auto* p = root_;
    while (p != nullptr && p->left != nullptr) p = p->left;
    return p;
  }

  /// Puts a caller behind all others that have ever waited.
  void append(line_place& p) noexcept {
    p.rank = ++last_rank_;
    insert(p);
  }

  /// Puts a caller at its rank, behind others of the same rank.
  void insert(line_place& p) noexcept {
    p.left = p.right = p.above = nullptr;
    p.priority = seed_ = seed_ * 6364136223846793005u + 1442695040888963407u;  // Knuth's generator
    p.weights = p.weight;
    p.first = p.asks;
    p.linked = true;
    if (root_ == nullptr) {
      root_ = &p;
      return;
    }
    auto** place = &root_;
    while (*place != nullptr) {
      p.above = *place;
      place = p.rank < p.above->rank ? &p.above->left : &p.above->right;
    }
    *place = &p;
    changed(p);
    while (p.above != nullptr && p.above->priority < p.priority) lift(p);
  }

  void erase(line_place& p) noexcept {
    p.linked = false;
    if (root_ == &p && p.left == p.right) {  // is alone
      root_ = nullptr;
      return;
    }
    while (p.left != nullptr || p.right != nullptr) {
      bool const left = p.right == nullptr || (p.left != nullptr && p.left->priority > p.right->priority);
      lift(*(left ? p.left : p.right));
    }
    link_to(p) = nullptr;
    if (p.above != nullptr) changed(*p.above);
  }

  /// Updates the sums after a change of the place's `asks`.
  void changed(line_place& p) noexcept {
    for (auto* at = &p; at != nullptr; at = at->above) count(*at);
  }

  /// The clock was set back by `d`.
  void set_back(duration d) noexcept { set_back(root_, d); }

  /// A ticket has moved: `to` takes the place of `from`.
  void move(line_place& from, line_place& to) noexcept {
    to = from;
    from.linked = false;
    if (!to.linked) return;
    if (to.above == nullptr) {
      root_ = &to;
    } else {
      (to.above->left == &from ? to.above->left : to.above->right) = &to;
    }
    if (to.left != nullptr) to.left->above = &to;
    if (to.right != nullptr) to.right->above = &to;
  }

 private:
  static void set_back(line_place* p, duration d) noexcept {
    for (; p != nullptr; p = p->right) {
      p->asks = saturating_subtract(duration(p->asks), d).count();
      p->first = saturating_subtract(duration(p->first), d).count();
      p->late = saturating_subtract(duration(p->late), d).count();
      set_back(p->left, d);
    }
  }

  static void add(summary& s, std::uint64_t weights, std::int64_t first) noexcept {
    if (platform::add_carries(s.weights, weights, s.weights)) s.weights = UINT64_MAX;
    s.first = first < s.first ? first : s.first;
  }
  static void add_tree(summary& s, line_place const* p) noexcept {
    if (p != nullptr) add(s, p->weights, p->first);
  }

  static void count(line_place& p) noexcept {
    summary s{p.weight, p.asks};
    add_tree(s, p.left);
    add_tree(s, p.right);
    p.weights = s.weights;
    p.first = s.first;
  }

  line_place*& link_to(line_place& p) noexcept {
    if (p.above == nullptr) return root_;
    return p.above->left == &p ? p.above->left : p.above->right;
  }

  /// Exchanges a place with the one above it in the tree; the ranks stay the same.
  void lift(line_place& p) noexcept {
    auto& old = *p.above;
    auto& link = link_to(old);
    bool const left = old.left == &p;
    auto*& inner = left ? p.right : p.left;
    (left ? old.left : old.right) = inner;
    if (inner != nullptr) inner->above = &old;
    inner = &old;
    link = &p;
    p.above = old.above;
    old.above = &p;
    count(old);
    count(p);
  }

  line_place* root_ = nullptr;
  std::uint64_t last_rank_ = 0;
  std::uint64_t seed_ = 0;
};

}  // namespace tenax::detail
