// SPDX-License-Identifier: MIT
// platform/compiler.hpp: what each compiler spells in its own way.
//
// An attribute can only be hidden in a macro. The macros here are private to the library and begin with TENAX_.
//
// TENAX_WITHOUT_BUILTINS, given to g++ or clang, makes them take the paths of a compiler without extensions, so that
// these paths are tested.
#pragma once

#include <cstdint>

#include <tenax/platform/cplusplus.hpp>

#if !defined(__GNUC__) && !defined(__clang__) && !defined(TENAX_WITHOUT_BUILTINS)
#define TENAX_WITHOUT_BUILTINS
#endif

#if defined(_MSC_VER) && !defined(__clang__)
#define TENAX_ATTRIBUTE(gnu_spelling, msvc_spelling) [[msvc_spelling]]
#else
#define TENAX_ATTRIBUTE(gnu_spelling, msvc_spelling) [[gnu_spelling]]
#endif
#define TENAX_ALWAYS_INLINE TENAX_ATTRIBUTE(gnu::always_inline, msvc::forceinline)
#define TENAX_NEVER_INLINE TENAX_ATTRIBUTE(gnu::noinline, msvc::noinline)
#define TENAX_COLD TENAX_NEVER_INLINE TENAX_ATTRIBUTE(gnu::cold, )
// The ABI of MSVC ignores the standard attribute, also with clang.
#if defined(_MSC_VER)
#define TENAX_NO_UNIQUE_ADDRESS [[msvc::no_unique_address]]
#else
#define TENAX_NO_UNIQUE_ADDRESS [[no_unique_address]]
#endif

namespace tenax::platform {

// Every compiler has these under one name. They cost less to compile than their templates in <type_traits>, which check
// what they are given.
template <class T>
inline constexpr bool copyable = __is_constructible(T, T const&);
template <class T>
inline constexpr bool trivially_copyable = __is_trivially_copyable(T);
template <class T, class Base>
concept derives_from = __is_base_of(Base, T);

/// Stands where a program never gets.
[[noreturn]] inline void unreachable() noexcept {
#if !defined(TENAX_WITHOUT_BUILTINS)
  __builtin_unreachable();
#elif defined(_MSC_VER)
  __assume(0);
#else
  for (;;) {
  }
#endif
}

/// The text of a function that has `T` in its name, as the compiler writes it. What stands before and behind the name
/// of `T` is the same for every type.
template <class T>
constexpr char const* signature_with() noexcept {
#if defined(_MSC_VER) && !defined(__clang__)
  return __FUNCSIG__;
#else
  return __PRETTY_FUNCTION__;
#endif
}

}  // namespace tenax::platform
