// SPDX-License-Identifier: MIT
// result_traits.hpp: how tenax reads a returned value: did the operation fail, and what does it say about a retry?
#pragma once

#include <concepts>
#include <exception>
#include <type_traits>

#include <tenax/detail/operation_canceled.hpp>
#include <tenax/errors.hpp>
#include <tenax/outcome.hpp>

namespace tenax {

namespace detail {

template <class R>
concept expected_like = requires(R const& r) {
  { r.has_value() } -> std::convertible_to<bool>;
  r.error();
};

template <class R>
concept error_code_like = requires(R const& r) {
  static_cast<bool>(r);
  { r.value() } -> std::convertible_to<int>;
  r.category();
  r.message();
};

#if defined(__cpp_exceptions)
/// What an exception that was returned as a value says about trying again.
inline hint hint_of_pointer(std::exception_ptr const& error) noexcept {
  if (error == nullptr) return {};
  try {
    std::rethrow_exception(error);
  } catch (error_with_hint const& e) {
    return e.hint();
  } catch (...) {
    return {};
  }
}
#endif

template <class E>
constexpr hint hint_of_error(E const& error) {
#if defined(__cpp_exceptions)
  if constexpr (std::is_same_v<E, std::exception_ptr>) return hint_of_pointer(error);
#endif
  if constexpr (std::is_base_of_v<error_with_hint, E>) {
    return static_cast<error_with_hint const&>(error).hint();  // E may have a member of that name, too
  } else if constexpr (error_code_like<E> || std::is_enum_v<E>) {
    return is_operation_canceled(error) ? hint{.verdict = verdict::cancelled} : hint{};
  } else {
    return {};
  }
}

}  // namespace detail

/// How tenax reads a value of type `R`. The primary template knows types shaped like `std::expected` (`has_value()`,
/// `error()`) and like `std::error_code` (`value()`, `category()`, `message()`, true when set), standard or not. An
/// error code that is equal to `std::errc::operation_canceled` is a cancellation: the call ends with
/// `stop_reason::cancelled`, and gates learn nothing from it.
/// Specialize it to teach the library a result type of yours:
/// ```
/// template <> struct tenax::result_traits<reply> {
///   static constexpr bool can_fail = true;
///   static constexpr bool failed(reply const& r) { return !r.ok; }
/// };
/// ```
/// Optional functions:
/// - `read_hint(r)`, a `tenax::hint`: what the value says about trying again.
/// - `transient(r)`: whether this failure may pass: then the default policy retries and gates count it. Default: true.
/// - `describe(r, out)`: the text of a failure in a log line, in calls of `out.text(std::string_view)`.
/// - `quota(r)`: a `tenax::allowance` for gates.
/// - `can_repeat(r)`: false if the operation cannot be repeated after `r`, whatever a policy, predicate or hint says.
/// - `why_not_repeated(r)`, for such an `r`: the reason as a `char const*` that stays valid, for reports and logs.
/// - `release(r)`, for an `r` that is not const: called before a wait; closes what the discarded result holds open.
template <class R>
struct result_traits {
  /// Whether values of this type can say that the operation failed. If false, the other functions are never called.
  static constexpr bool can_fail = detail::expected_like<R> || detail::error_code_like<R>;

  /// Only the primary template has this member: it shows whether a type has traits of its own.
  static constexpr bool unspecialized = true;

  /// Whether this value says that the operation failed.
  static constexpr bool failed([[maybe_unused]] R const& result) {
    if constexpr (detail::expected_like<R>) {
      return !result.has_value();
    } else if constexpr (detail::error_code_like<R>) {
      return static_cast<bool>(result);
    } else {
      return false;
    }
  }

  /// What this value says about trying again.
  static constexpr hint read_hint([[maybe_unused]] R const& result) {
    if constexpr (detail::expected_like<R>) {
      if (!result.has_value()) return detail::hint_of_error(result.error());
    } else if constexpr (detail::error_code_like<R>) {
      return detail::hint_of_error(result);
    }
    return {};
  }
};

namespace detail {

template <class T>
using traits_of = result_traits<std::remove_cvref_t<T>>;

template <class T>
inline constexpr bool can_fail = traits_of<T>::can_fail;
template <class T>
  requires std::is_void_v<T>
inline constexpr bool can_fail<T> = false;

template <class T>
constexpr bool result_failed(outcome<T> const& result) {
  if constexpr (can_fail<T>) return result.has_value() && traits_of<T>::failed(result.value());
  return false;
}

/// Whether a value can say that it failed. The type of an `any_result` is known only when the program runs.
template <class T>
constexpr bool may_fail([[maybe_unused]] outcome<T> const& result) {
  if constexpr (can_fail<T>) {
    if constexpr (requires { traits_of<T>::may_fail(result.value()); }) {
      return result.has_value() && traits_of<T>::may_fail(result.value());
    } else {
      return true;
    }
  }
  return false;
}

/// Whether the traits of a value say that this failure may pass.
template <class T>
constexpr bool known_transient(outcome<T> const& result) {
  if constexpr (can_fail<T>) {
    if constexpr (requires { traits_of<T>::known_transient(result.value()); }) {
      return result.has_value() && traits_of<T>::known_transient(result.value());
    } else if constexpr (requires { traits_of<T>::transient(result.value()); }) {
      return result.has_value() && traits_of<T>::transient(result.value());
    }
  }
  return false;
}

/// Whether a value says that the operation failed in a way that may pass.
template <class T>
constexpr bool result_transient(outcome<T> const& result) {
  if constexpr (can_fail<T>) {
    if constexpr (requires { traits_of<T>::transient(result.value()); }) {
      return result.has_value() && traits_of<T>::transient(result.value());
    } else {
      return result_failed(result);
    }
  }
  return false;
}

/// Whether the operation can be repeated after this value, according to its traits.
template <class T>
constexpr bool can_repeat([[maybe_unused]] outcome<T> const& result) {
  if constexpr (can_fail<T>) {
    if constexpr (requires { traits_of<T>::can_repeat(result.value()); }) {
      return !result.has_value() || traits_of<T>::can_repeat(result.value());
    }
  }
  return true;
}

/// Why it cannot be; empty if the traits do not say.
template <class T>
constexpr char const* why_not_repeated([[maybe_unused]] outcome<T> const& result) {
  if constexpr (requires { traits_of<T>::why_not_repeated(result.value()); }) {
    return traits_of<T>::why_not_repeated(result.value());
  } else {
    return "";
  }
}

/// A hint whose wait can be obeyed: a negative wait is removed.
constexpr hint sensible(hint said) noexcept {
  if (said.wait && said.wait->count() < 0) said.wait.reset();
  return said;
}

/// What an exception, or the error of an expected-like result, says about trying again.
template <class T>
constexpr hint carried_hint(outcome<T> const& result) {
  if (auto const* caught = result.caught()) {
    return caught->hinted() != nullptr ? sensible(caught->hinted()->hint()) : hint{};
  }
  if constexpr (expected_like<std::remove_cvref_t<T>>) {
    if (!result.value().has_value()) return sensible(hint_of_error(result.value().error()));
  } else if constexpr (can_fail<T>) {
    if constexpr (requires { traits_of<T>::carried_hint(result.value()); }) {
      return sensible(traits_of<T>::carried_hint(result.value()));
    }
  }
  return {};
}

/// What an outcome says about trying again.
template <class T>
constexpr hint hint_of(outcome<T> const& result) {
  if constexpr (can_fail<T>) {
    if constexpr (requires { traits_of<T>::read_hint(result.value()); }) {
      if (result.has_value()) return sensible(traits_of<T>::read_hint(result.value()));
    }
  }
  return carried_hint(result);
}

/// Whether a hint reader cannot overrule a cancellation that the outcome carries: an exception, or an error with a
/// hint. A plain error code is only what the library takes it for.
template <class T>
constexpr bool binds(outcome<T> const& result) noexcept {
  if constexpr (expected_like<std::remove_cvref_t<T>>) {
    using error = std::remove_cvref_t<decltype(result.value().error())>;
    return !result.has_value() || std::is_base_of_v<error_with_hint, error>;
  } else if constexpr (can_fail<T>) {
    if constexpr (requires { traits_of<T>::binds(result.value()); }) {
      return !result.has_value() || traits_of<T>::binds(result.value());
    }
  }
  return true;
}

/// The hint of a hint reader, completed from what the failure carries: the failure counts where the reader has no
/// opinion. A hint reader cannot turn a cancellation that binds into another attempt.
constexpr hint completed(hint said, hint const& carried, bool binding) {
  said = sensible(said);
  if (said.verdict == verdict::none || (binding && carried.verdict == verdict::cancelled)) {
    said.verdict = carried.verdict;
  }
  if (!said.wait) said.wait = carried.wait;
  said.throttled = said.throttled || carried.throttled;
  said.inconclusive = said.inconclusive || carried.inconclusive;
  said.progress = said.progress || carried.progress;
  if (said.ignored.empty()) said.ignored = carried.ignored;
  return said;
}

/// The hint reader of a policy without `.read_hints_with()`: `hint_of`.
struct own_hint_reader {};

/// Whether a discarded result can be closed before a wait.
template <class T>
inline constexpr bool can_release = false;
template <class T>
  requires(can_fail<T> && !std::is_const_v<std::remove_reference_t<T>>)
inline constexpr bool can_release<T> =
    requires(std::remove_reference_t<T>& r) { result_traits<std::remove_cvref_t<T>>::release(r); };

template <class T>
constexpr void release(outcome<T>& result) {
  if (result.has_value()) traits_of<T>::release(result.value());
}

}  // namespace detail

}  // namespace tenax
