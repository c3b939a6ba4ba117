// SPDX-License-Identifier: MIT
// exception_hint.hpp: `exception_hint`: says for the exceptions of another library whether to retry.
#pragma once

#include <exception>

#include <tenax/errors.hpp>
#include <tenax/platform/atomic.hpp>
#include <tenax/platform/compiler.hpp>

#if defined(__cpp_exceptions) && defined(__cpp_rtti)

namespace tenax {

namespace detail {

/// An element of the list of hints for exceptions of other libraries. The list only grows.
class foreign_hint : public error_with_hint {
 public:
  using matcher = bool (*)(std::exception const&);

  foreign_hint(tenax::hint h, matcher m) noexcept;
  foreign_hint(foreign_hint const&) = delete;
  foreign_hint& operator=(foreign_hint const&) = delete;

  [[nodiscard]] bool matches(std::exception const& e) const { return matches_(e); }
  [[nodiscard]] foreign_hint const* next() const noexcept { return next_; }

 private:
  matcher matches_;
  foreign_hint const* next_ = nullptr;
};

inline constinit foreign_hint const* first_foreign_hint = nullptr;

inline foreign_hint::foreign_hint(tenax::hint h, matcher m) noexcept
    : error_with_hint(h), matches_(m), next_(platform::load_acquire(first_foreign_hint)) {
  while (!platform::replace_acquire_release(first_foreign_hint, next_, static_cast<foreign_hint const*>(this))) {
  }
}

/// The hint for an exception of another library; null if there is none. Called after a failure only.
TENAX_COLD inline error_with_hint const* foreign_hint_of(std::exception const& e) {
  auto const* h = platform::load_acquire(first_foreign_hint);
  while (h != nullptr && !h->matches(e)) h = h->next();
  return h;
}

}  // namespace detail

/// Says what exceptions of type `E`, which belong to another library, say about trying again. Define one at namespace
/// scope, in the header that includes that library:
/// ```
/// inline tenax::exception_hint<bank::in_doubt> const never_again({.verdict = tenax::verdict::no_retry});
/// ```
/// Every policy of the program then reads the hint from an `E`, as if `E` derived from `tenax::error_with_hint`. `E`
/// must derive from `std::exception`. An exception with a hint of its own keeps that. The hint is for the type, and not
/// for one object.
///
/// Successful calls do not pay for it. Needs RTTI.
///
/// Thread safety: safe. Lives until the end of the program: a shared library that defines one must not be unloaded.
template <class E>
class exception_hint : public detail::foreign_hint {
 public:
  explicit exception_hint(tenax::hint h) noexcept
      : foreign_hint(h, [](std::exception const& e) { return dynamic_cast<E const*>(&e) != nullptr; }) {}
};

}  // namespace tenax

#endif
