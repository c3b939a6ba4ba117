// SPDX-License-Identifier: MIT
// async/detail/callback_base.hpp: a call in a callback event loop, as its handle, its timers and its replies see it.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

#include <tenax/outcome.hpp>
#include <tenax/report.hpp>

namespace tenax::detail {

class callback_base : public std::enable_shared_from_this<callback_base> {
 public:
  callback_base() = default;
  callback_base(callback_base const&) = delete;
  callback_base& operator=(callback_base const&) = delete;
  virtual ~callback_base() = default;

  virtual void cancel() = 0;
  virtual void abandon() noexcept = 0;
  virtual void fired(std::uint64_t alarm) = 0;
  virtual void woken() = 0;

  /// Lets the call live until it has ended.
  void detach() {
    if (!ended_) self_ = shared_from_this();
  }
  [[nodiscard]] bool ended() const noexcept { return ended_; }

 protected:
  /// While steps are made, in which no further ones may begin. If one throws, abandons the call. Releases a call that
  /// has ended. Within other steps, leaves this to them.
  struct steps {
    explicit steps(callback_base& c) noexcept : call(c), within(std::exchange(c.stepping_, true)) {}
    steps(steps const&) = delete;
    steps& operator=(steps const&) = delete;
    ~steps() {
      if (within) return;
      call.stepping_ = false;
      if (thrown) call.abandon();
      if (call.ended_) call.release();
    }

    callback_base& call;
    bool within;
    bool thrown = true;
  };

  /// Destroys what a call that has ended does not need any more.
  virtual void release() noexcept = 0;

  bool ended_ = false;
  bool stepping_ = false;
  std::shared_ptr<callback_base> self_{};
};

/// A call whose attempts end with a `T`.
template <class T>
class callback_target : public callback_base {
 public:
  virtual void replied(std::uint64_t attempt, outcome<T>&& result) = 0;
  virtual void failed(std::uint64_t attempt, std::exception_ptr const& error) = 0;
  [[nodiscard]] virtual bool expects(std::uint64_t attempt) const noexcept = 0;
};

/// Stands for a result type that follows from the function that takes the report.
struct deduced_result;

template <class F>
struct taken_by {
  using type = void;
};
template <class R, class A>
struct taken_by<R (*)(A)> : std::remove_cvref<A> {};
template <class R, class A>
struct taken_by<R (*)(A) noexcept> : std::remove_cvref<A> {};
template <class R, class C, class A>
struct taken_by<R (C::*)(A)> : std::remove_cvref<A> {};
template <class R, class C, class A>
struct taken_by<R (C::*)(A) noexcept> : std::remove_cvref<A> {};
template <class R, class C, class A>
struct taken_by<R (C::*)(A) const> : std::remove_cvref<A> {};
template <class R, class C, class A>
struct taken_by<R (C::*)(A) const noexcept> : std::remove_cvref<A> {};
template <class F>
  requires requires { &F::operator(); }
struct taken_by<F> : taken_by<decltype(&F::operator())> {};

template <class R>
struct reported {
  using type = deduced_result;
};
template <class T>
struct reported<report<T>> {
  using type = T;
};

/// The result type of a call: the one that was named, or that of the report that `Done` takes.
template <class T, class Done>
struct callback_result {
  using type = T;
};
template <class Done>
struct callback_result<deduced_result, Done> : reported<typename taken_by<Done>::type> {};

}  // namespace tenax::detail
