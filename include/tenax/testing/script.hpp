// SPDX-License-Identifier: MIT
// testing/script.hpp: `testing::script`: a fake operation that returns and throws what a test has written down.
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

/// A fake operation that plays a script: returns one value, throws another, in the given order.
/// ```
/// tenax::testing::script<int> flaky;
/// flaky.throws(std::runtime_error("down")).returns(7);
/// CHECK(policy(flaky) == 7);
/// CHECK(flaky.calls() == 2);
/// ```
/// A policy's `wrap` would copy the script and play the copy: pass `std::ref(flaky)`. A call beyond the end of the
/// script throws `std::logic_error`, which the default policy does not retry; `repeats_last()` plays the last outcome
/// for ever instead.
///
/// Thread safety: unsafe; one script for one thread.
template <class T>
class script {
  struct no_object {};

 public:
  /// The next outcome is this value. For `script<void>`: a normal return.
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

  /// The next outcome is the one of `f()`: what it returns or throws.
  template <class F>
  script& runs(F f) {
    return add(std::move(f));
  }

  /// Plays the outcome before it `times` times in all. Throws `std::invalid_argument` if `times` is less than 1, and if
  /// there is no outcome before it.
  script& times(std::int64_t times) {
    if (lines_.empty()) {
      detail::raise(std::invalid_argument(
          "tenax: script::times() repeats the outcome before it; write returns(), throws() or runs() first"));
    }
    lines_.back().times = detail::require_count("script::times()", "must be at least 1", times, 1);
    return *this;
  }

  /// Repeats the last outcome for ever after the end of the script.
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

  /// The number of calls so far.
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

  /// Plays a copy, because a line of the script may write further lines.
  T play(std::size_t at) {
    auto const outcome = lines_[at].play;
    return outcome();
  }

  std::vector<line> lines_;
  std::size_t at_ = 0;        // the line that was played last
  std::uint32_t played_ = 0;  // how often that line was played
  std::size_t calls_ = 0;
  bool repeats_ = false;
};

}  // namespace tenax::testing
