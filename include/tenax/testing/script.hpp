// SPDX-License-Identifier: MIT
// testing/script.hpp: a callable that plays the outcomes written down for it.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include <tenax/detail/reject.hpp>

namespace tenax::testing {

/// An operation that plays a script: returns this, throws that.
/// ```
/// tenax::testing::script<int> flaky;
/// flaky.throws(std::runtime_error("down")).returns(7);
/// CHECK(policy(flaky) == 7);
/// CHECK(flaky.calls() == 2);
/// ```
/// A policy's `wrap` holds a copy, which would play instead: give it `std::ref(flaky)`. Called beyond its end, or empty, it
/// throws `std::logic_error`, which no default policy retries; `repeats_last()` plays the last outcome for ever instead.
///
/// Thread safety: unsafe; one script for one thread.
template <class T>
class script {
  struct no_object {};

 public:
  /// The next outcome is this value. For `script<void>`: the normal end.
  template <class... U>
  script& returns(U... value) {
    static_assert(sizeof...(U) == (std::is_void_v<T> ? 0 : 1),
                  "tenax: script<T>::returns() takes one value, script<void>'s none");
    return add([value...]() -> T { return T(value...); });
  }

  /// The same for a value in braces: `returns({503, "busy"})`.
  script& returns(std::conditional_t<std::is_object_v<T>, T, no_object> value)
    requires(std::is_object_v<T>)
  {
    return add([value = std::move(value)]() -> T { return value; });
  }

#if defined(__cpp_exceptions)
  /// The next outcome is this exception.
  template <class E>
  script& throws(E exception) {
    return add([exception]() -> T { throw exception; });
  }
#endif

  /// The next outcome is what `f()` returns or throws.
  template <class F>
  script& runs(F f) {
    return add(std::move(f));
  }

  /// Plays the last outcome that was written `times` times in all. Throws `std::invalid_argument` if `times` is less than 1,
  /// and if no outcome is written yet.
  script& times(std::int64_t times) {
    if (lines_.empty()) {
      detail::raise(std::invalid_argument(
          "tenax: script::times() repeats the outcome before it; write returns(), throws() or runs() first"));
    }
    lines_.back().times = detail::require_count("script::times()", "must be at least 1", times, 1);
    return *this;
  }

  /// Plays the last outcome again and again once the script is over.
  script& repeats_last() noexcept {
    repeats_ = true;
    return *this;
  }

  T operator()() {
    ++calls_;
    if (at_ < lines_.size() && played_ == lines_[at_].times) {
      ++at_;
      played_ = 0;
    }
    if (at_ < lines_.size()) {
      ++played_;
      return play(at_);
    }
    if (lines_.empty()) {
      detail::raise(
          std::logic_error("tenax: the script is empty; write an outcome with returns(), throws() or runs()"));
    }
    if (repeats_) return play(lines_.size() - 1);
    detail::raise(std::logic_error("tenax: the script is over; write another outcome, or end it with repeats_last()"));
  }

  /// How often it was called.
  [[nodiscard]] std::size_t calls() const noexcept { return calls_; }

 private:
  struct line {
    std::function<T()> play;
    std::uint32_t times = 1;
  };

  script& add(std::function<T()> play) {
    if (!play) detail::raise(std::invalid_argument("tenax: script::runs() needs a function, but it is empty"));
    lines_.push_back({std::move(play)});
    return *this;
  }

  /// Plays a copy: the line may write further ones.
  T play(std::size_t at) {
    auto const outcome = lines_[at].play;
    return outcome();
  }

  std::vector<line> lines_;
  std::size_t at_ = 0;        // the line that was played last
  std::uint32_t played_ = 0;  // how often
  std::size_t calls_ = 0;
  bool repeats_ = false;
};

}  // namespace tenax::testing
