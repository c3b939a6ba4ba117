// SPDX-License-Identifier: MIT
// when/exception.hpp: retry on exceptions of given types.
#pragma once

#include <system_error>
#include <typeinfo>

#include <tenax/platform/compiler.hpp>
#include <tenax/platform/type_name.hpp>
#include <tenax/when/compose.hpp>

#if defined(__cpp_rtti)
namespace tenax::detail {

/// The type information of a single `E` whose objects say nothing about trying again.
template <class...>
inline constexpr std::type_info const* plain_type = nullptr;
template <class E>
  requires(!std::is_base_of_v<error_with_hint, E> && !std::is_base_of_v<std::system_error, E>)
inline constexpr std::type_info const* plain_type<E> = &typeid(E);

}  // namespace tenax::detail
#endif

namespace tenax::detail {

/// Whether a function can be called with a value if neither may be changed.
template <class F, class V>
inline constexpr bool asks_about = requires(F const& f, V const& v) { f(v); };

}  // namespace tenax::detail

namespace tenax::when {

#if defined(__cpp_exceptions)

/// An exception of type `E` for which your function returns true. Made by `when::exception<E>.where(f)`.
template <class E, class F>
struct exception_where : operators {
  static constexpr bool uses_time = false;
  template <class T>
  static constexpr bool accepts_every_value = true;

  constexpr explicit exception_where(F f) : condition(std::move(f)) {}

  template <class T>
  constexpr bool operator()(attempt<T> const& a) const {
    auto const* const caught = a.result.caught();
    if (caught == nullptr) return false;
    if constexpr (std::is_pointer_v<E>) {
      // A handler sees a copy of a thrown pointer; the copy does not outlive the handler.
      if (caught->pointer() == nullptr) return false;
      try {
        std::rethrow_exception(caught->pointer());
      } catch (E e) {
        return static_cast<bool>(condition(e));
      } catch (...) {
        return false;
      }
    } else {
      auto const* const e = detail::exception_cast<E>(*caught);
      return e != nullptr && static_cast<bool>(condition(*e));
    }
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("certain exceptions of type ");
    out.text(platform::type_name<E>());
  }

  TENAX_NO_UNIQUE_ADDRESS F condition;
};

/// See `when::exception`.
template <class... E>
struct exception_predicate : operators {
  static_assert(sizeof...(E) > 0,
                "tenax: when::exception<> needs the types to retry, as in when::exception<network_error>; "
                "for every exception write when::any_exception");

  static constexpr bool uses_time = false;
  template <class T>
  static constexpr bool accepts_every_value = true;

  template <class T>
  constexpr bool operator()(attempt<T> const& a) const noexcept {
    auto const* const caught = a.result.caught();
    return caught != nullptr && (detail::is_exception<E>(*caught) || ...);
  }

#if defined(__cpp_rtti)
  /// The most likely type of the exception, if that type says nothing about trying again.
  static constexpr std::type_info const* likely_type = detail::plain_type<E...>;
#endif

  /// Narrows the predicate to exceptions for which `condition(e)` is true:
  /// `when::exception<std::system_error>.where([](auto& e) { return e.code() == std::errc::timed_out; })`.
  template <class F>
    requires(sizeof...(E) == 1)
  [[nodiscard]] constexpr auto where(F condition) const {
    constexpr bool asked = (detail::asks_about<F, E> && ...);
    static_assert(
        asked,
        "tenax: the callable given to when::exception<E>.where() must be callable with an `E const&`, and when "
        "const: policies are shared; keep what changes outside, behind a reference");
    if constexpr (asked) {
      return exception_where<E..., F>(std::move(condition));
    } else {
      return *this;
    }
  }

  template <class Dependent = void>
  constexpr exception_predicate operator()() const {
    static_assert(detail::always_false<Dependent>,
                  "tenax: when::exception<E> is a predicate already: write it without parentheses, or narrow it by "
                  "when::exception<E>.where(f)");
    return *this;
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("exceptions of type ");
    bool first = true;
    ((out.text(first ? "" : " or "), out.text(platform::type_name<E>()), first = false), ...);
  }
};

/// Retry if the attempt threw what `catch (E const&)` would catch, for one of the types given:
/// `when::exception<network_error, timed_out>`. Looks at the type without throwing again.
template <class... E>
inline constexpr exception_predicate<E...> exception{};

/// See `when::any_exception`.
struct any_exception_predicate : operators {
  static constexpr bool uses_time = false;
  template <class T>
  static constexpr bool accepts_every_value = true;

  template <class T>
  constexpr bool operator()(attempt<T> const& a) const noexcept {
    return !a.result.has_value();
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("any exception");
  }
};

/// Retry on every exception, including those that are bugs. Prefer `when::exception<...>` with the types that mean an
/// outage.
inline constexpr any_exception_predicate any_exception{};

#endif

}  // namespace tenax::when
