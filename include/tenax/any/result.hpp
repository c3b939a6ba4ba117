// SPDX-License-Identifier: MIT
// any/result.hpp: `any_result`: a returned value of any type, as the parts of an `any_retrying` see it.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tenax/any/detail/text_sink.hpp>
#include <tenax/attempt.hpp>
#include <tenax/detail/outcome_text.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/result_traits.hpp>

namespace tenax {

namespace detail {

/// What is known of a type of results.
struct result_type {
  void const* id;
  bool can_fail;  ///< if not, the functions up to `release` are not called
  bool (*failed)(void const*);
  bool (*transient)(void const*);
  bool says_transient;  ///< its own traits have that function
  bool (*can_repeat)(void const*);
  hint (*read_hint)(void const*);
  hint (*carried_hint)(void const*);
  bool binds;
  allowance (*quota)(void const*);
  bool describes;  ///< its own traits have that function; if not, only failures are described
  void (*describe)(void const*, text_sink&);
  void (*release)(void const*);
  long double (*number)(void const*);  ///< null: it is not a number
};

/// The output for `write_error`, which writes text only.
struct error_words {
  text_sink& out;
  void text(std::string_view words) { out.text(words); }
  void foreign(std::string_view words) { out.foreign(words); }
  template <class V>
  void value(V const& v, std::string_view otherwise) {
    if constexpr (requires { std::string_view(v); }) {
      out.foreign(std::string_view(v));
    } else {
      out.text(otherwise);
    }
  }
};

template <class T>
struct result_functions {
  using value = std::remove_cvref_t<T>;
  static value const& at(void const* p) { return *static_cast<value const*>(p); }

  static bool failed(void const* p) {
    if constexpr (can_fail<T>) return traits_of<T>::failed(at(p));
    return false;
  }
  static bool transient(void const* p) {
    if constexpr (can_fail<T>) {
      if constexpr (requires { traits_of<T>::transient(at(p)); }) return traits_of<T>::transient(at(p));
      return traits_of<T>::failed(at(p));
    }
    return false;
  }
  static constexpr bool says_transient() {
    if constexpr (can_fail<T>) return requires(value const& v) { traits_of<T>::transient(v); };
    return false;
  }
  static bool can_repeat(void const* p) {
    if constexpr (can_fail<T>) {
      if constexpr (requires { traits_of<T>::can_repeat(at(p)); }) return traits_of<T>::can_repeat(at(p));
    }
    return true;
  }
  static hint read_hint(void const* p) {
    if constexpr (can_fail<T>) {
      if constexpr (requires { traits_of<T>::read_hint(at(p)); }) return traits_of<T>::read_hint(at(p));
      if constexpr (expected_like<value>) return at(p).has_value() ? hint{} : hint_of_error(at(p).error());
    }
    return {};
  }
  static hint carried_hint(void const* p) {
    if constexpr (expected_like<value>) return at(p).has_value() ? hint{} : hint_of_error(at(p).error());
    return {};
  }
  static constexpr bool binds() {
    if constexpr (expected_like<value>) {
      return std::is_base_of_v<error_with_hint, std::remove_cvref_t<decltype(std::declval<value const&>().error())>>;
    } else {
      return true;
    }
  }
  static allowance quota(void const* p) {
    if constexpr (can_fail<T>) {
      if constexpr (requires { traits_of<T>::quota(at(p)); }) return traits_of<T>::quota(at(p));
    }
    return {};
  }
  static constexpr bool describes() {
    if constexpr (can_fail<T>) return requires(value const& v, text_sink& out) { traits_of<T>::describe(v, out); };
    return false;
  }
  static void describe(void const* p, text_sink& out) {
    if constexpr (describes()) {
      traits_of<T>::describe(at(p), out);
    } else if constexpr (can_fail<T>) {
      error_words words{out};
      write_error(words, at(p));
    }
  }
  /// For a value that is not const, which the attempt's own call keeps.
  static void release(void const* p) {
    if constexpr (can_release<value&>) traits_of<T>::release(const_cast<value&>(at(p)));
  }
  static constexpr auto number() -> long double (*)(void const*) {
    if constexpr (std::is_arithmetic_v<value>) {
      return [](void const* p) { return static_cast<long double>(at(p)); };
    } else {
      return nullptr;
    }
  }
};
template <>
struct result_functions<void> {
  static bool failed(void const*) { return false; }
  static bool transient(void const*) { return false; }
  static constexpr bool says_transient() { return false; }
  static bool can_repeat(void const*) { return true; }
  static hint read_hint(void const*) { return {}; }
  static hint carried_hint(void const*) { return {}; }
  static constexpr bool binds() { return true; }
  static allowance quota(void const*) { return {}; }
  static constexpr bool describes() { return false; }
  static void describe(void const*, text_sink&) {}
  static void release(void const*) {}
  static constexpr auto number() -> long double (*)(void const*) { return nullptr; }
};

template <class T, class F = result_functions<T>>
inline constexpr result_type result_type_of{&token_type<std::remove_cvref_t<T>>,
                                            detail::can_fail<T>,
                                            F::failed,
                                            F::transient,
                                            F::says_transient(),
                                            F::can_repeat,
                                            F::read_hint,
                                            F::carried_hint,
                                            F::binds(),
                                            F::quota,
                                            F::describes(),
                                            F::describe,
                                            F::release,
                                            F::number()};

}  // namespace detail

/// A value that an operation returned, of a type that the policy did not know when it became an `any_retrying`. It can
/// fail as its own traits say. A predicate may look at it:
/// `.when([](tenax::attempt<tenax::any_result> const& a) { ... })`. Refers to the value, and is valid as long as the
/// attempt is.
class any_result {
 public:
  template <class T>
    requires(!std::same_as<std::remove_cvref_t<T>, any_result>)
  explicit any_result(T const& value) noexcept
      : value_(std::addressof(value)), type_(&detail::result_type_of<std::remove_cv_t<T>>) {}
  // For the library: the result of an operation that returns nothing.
  any_result() noexcept : value_(nullptr), type_(&detail::result_type_of<void>) {}

  /// The value, if it is a `T`; otherwise null.
  template <class T>
  [[nodiscard]] T const* get_if() const noexcept {
    return type_->id == &detail::token_type<T> ? static_cast<T const*>(value_) : nullptr;
  }

  /// Calls `f` with the value, and returns whether its answer is true, if the value is a `T`, or if both are numbers.
  /// Otherwise returns false.
  template <class T, class F>
  [[nodiscard]] bool ask(F const& f) const {
    if (auto const* const v = get_if<T>()) return static_cast<bool>(f(*v));
    if constexpr (std::is_arithmetic_v<T>) {
      if (type_->number != nullptr) return static_cast<bool>(f(static_cast<T>(type_->number(value_))));
    }
    return false;
  }

 private:
  friend struct result_traits<any_result>;
  void const* value_;
  detail::result_type const* type_;
};

template <>
struct result_traits<any_result> {
  static constexpr bool can_fail = true;
  // For the library: what it knows of other types without asking their values.
  static bool may_fail(any_result const& r) noexcept { return r.type_->can_fail; }
  static bool known_transient(any_result const& r) { return r.type_->says_transient && r.type_->transient(r.value_); }
  static hint carried_hint(any_result const& r) { return r.type_->can_fail ? r.type_->carried_hint(r.value_) : hint{}; }
  static bool binds(any_result const& r) noexcept { return r.type_->binds; }
  static bool failed(any_result const& r) { return r.type_->can_fail && r.type_->failed(r.value_); }
  static bool transient(any_result const& r) { return r.type_->can_fail && r.type_->transient(r.value_); }
  static bool can_repeat(any_result const& r) { return !r.type_->can_fail || r.type_->can_repeat(r.value_); }
  static hint read_hint(any_result const& r) { return r.type_->can_fail ? r.type_->read_hint(r.value_) : hint{}; }
  static allowance quota(any_result const& r) { return r.type_->can_fail ? r.type_->quota(r.value_) : allowance{}; }
  static void release(any_result& r) {
    if (r.type_->can_fail) r.type_->release(r.value_);
  }
  static bool has_description(any_result const& r) { return r.type_->describes || failed(r); }
  template <class Out>
  static void describe(any_result const& r, Out& out) {
    detail::sink_to<Out> sink(out);
    r.type_->describe(r.value_, sink);
  }
};

}  // namespace tenax
