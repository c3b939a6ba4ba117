// SPDX-License-Identifier: MIT
// any/detail/gates.hpp: the gates of an erased policy, and what a call holds of them.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include <tenax/any/detail/block.hpp>
#include <tenax/gate/waking.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax::detail {

/// The tickets of one attempt, of any type. Those of common gates fit in the object itself.
class erased_tickets {
 public:
  static constexpr std::size_t room = 256;

  erased_tickets() noexcept {}
  erased_tickets(erased_tickets&& other) noexcept { take(other); }
  erased_tickets& operator=(erased_tickets&& other) noexcept {
    if (this != &other) {
      forget();
      take(other);
    }
    return *this;
  }
  ~erased_tickets() { forget(); }

  /// The tickets for gates of a type; makes them at the first use.
  void* get(erased_functions const& functions) {
    if (functions_ == nullptr) {
      if (fits(functions)) {
        functions.make_tickets(inside_);
      } else {
        outside_ = ::operator new(functions.tickets_size, std::align_val_t(functions.tickets_align));
        functions.make_tickets(outside_);
      }
      functions_ = &functions;
    }
    return fits(functions) ? static_cast<void*>(inside_) : outside_;
  }

 private:
  static bool fits(erased_functions const& f) noexcept {
    return f.tickets_size <= room && f.tickets_align <= alignof(std::max_align_t);
  }
  void take(erased_tickets& other) noexcept {
    functions_ = std::exchange(other.functions_, nullptr);
    if (functions_ == nullptr) return;
    if (fits(*functions_)) {
      functions_->move_tickets(inside_, other.inside_);
    } else {
      outside_ = other.outside_;
    }
  }
  TENAX_ALWAYS_INLINE void forget() noexcept {
    if (functions_ != nullptr) destroy();
  }
  void destroy() noexcept {
    auto const& f = *std::exchange(functions_, nullptr);
    if (fits(f)) return f.destroy_tickets(inside_);
    f.destroy_tickets(outside_);
    ::operator delete(outside_, std::align_val_t(f.tickets_align));
  }

  erased_functions const* functions_ = nullptr;
  union {
    alignas(std::max_align_t) unsigned char inside_[room];
    void* outside_;
  };
};

template <class Block>
struct erased_gates {
  static constexpr bool empty = false;
  static constexpr bool has_would_admit = true;
  static constexpr bool has_started = true;
  static constexpr bool wakes = true;
  using tickets = erased_tickets;
  Block const* block;

  TENAX_ALWAYS_INLINE admission admit(tickets& t, attempt_info const& a, time_point now, waker const& w = {}) const {
    if (!block->has_gates) return {};
    auto const& f = *block->call;
    return f.admit(block->policy, t.get(f), a, now, w);
  }
  admission before_wait(tickets& t, attempt_info const& a, feedback::kind how, time_point now, time_point then) const {
    auto const& f = *block->call;
    if (f.before_wait == nullptr) return {};
    return f.before_wait(block->policy, t.get(f), a, how, now, then);
  }
  TENAX_ALWAYS_INLINE void started(tickets& t, time_point now) const {
    if (block->has_gates) block->call->started(block->policy, t.get(*block->call), now);
  }
  TENAX_ALWAYS_INLINE void record(tickets& t, feedback const& how, time_point now) const {
    if (block->has_gates) block->call->record(block->policy, t.get(*block->call), how, now);
  }
  [[nodiscard]] bool holds_any() const noexcept { return block->has_gates; }
  [[nodiscard]] duration longest_wait() const noexcept { return block->longest_gate_wait; }
  template <class Out>
  void describe(Out& out) const {
    sink_to<Out> sink(out);
    block->call->describe_gates(block->policy, sink);
  }
};

/// The same, for attempts that may outlive the policy.
template <class Block>
struct owned_erased_gates : erased_gates<Block> {
  std::shared_ptr<Block const> owner;
};

}  // namespace tenax::detail
