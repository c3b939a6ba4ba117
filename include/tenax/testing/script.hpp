// SPDX-License-Identifier: MIT
// testing/script.hpp: a callable that plays the outcomes written down for it.
#pragma once

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
/// A policy's `wrap` holds a copy, which would play instead: give it `std::ref(flaky)`. Called beyond its end it throws `std::logic_error`, which
/// no default policy retries; `repeats_last()` plays the last outcome for ever instead.
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

  /// Plays the last outcome that was written `times` times in all.
  script& times(unsigned times) {
    auto const last = lines_.back();
    for (unsigned i = 1; i < times; ++i) lines_.push_back(last);
    return *this;
  }

  /// Plays the last outcome again and again once the script is over.
  script& repeats_last() noexcept {
    repeats_ = true;
    return *this;
  }

  T operator()() {
    auto const line = calls_++;
    if (line < lines_.size()) return lines_[line]();
    if (repeats_ && !lines_.empty()) return lines_.back()();
    detail::raise(std::logic_error("tenax: the script is over; write another outcome, or end it with repeats_last()"));
  }

  /// How often it was called.
  [[nodiscard]] std::size_t calls() const noexcept { return calls_; }

 private:
  script& add(std::function<T()> line) {
    lines_.push_back(std::move(line));
    return *this;
  }

  std::vector<std::function<T()>> lines_;
  std::size_t calls_ = 0;
  bool repeats_ = false;
};

}  // namespace tenax::testing
