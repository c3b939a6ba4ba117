// SPDX-License-Identifier: MIT
// platform/compiler.hpp: what each compiler spells in its own way.
//
// An attribute can only be hidden in a macro. The macros here are private to the library and begin with TENAX_.
//
// TENAX_WITHOUT_BUILTINS makes g++ and clang take the paths of a compiler without extensions, so that these paths are
// tested.
#pragma once

#include <cstdint>

#include <tenax/platform/cplusplus.hpp>

#if (defined(__GNUC__) || defined(__clang__)) && !defined(TENAX_WITHOUT_BUILTINS)
#define TENAX_HAS_BUILTINS 1
#define TENAX_ALWAYS_INLINE [[gnu::always_inline]]
#define TENAX_NEVER_INLINE [[gnu::noinline]]
#define TENAX_COLD [[gnu::noinline, gnu::cold]]
#elif defined(_MSC_VER) && !defined(__clang__)
#define TENAX_HAS_BUILTINS 0
#define TENAX_ALWAYS_INLINE [[msvc::forceinline]]
#define TENAX_NEVER_INLINE [[msvc::noinline]]
#define TENAX_COLD [[msvc::noinline]]
#else
#define TENAX_HAS_BUILTINS 0
#define TENAX_ALWAYS_INLINE
#define TENAX_NEVER_INLINE
#define TENAX_COLD
#endif

// The ABI of MSVC ignores the standard attribute.
#if defined(_MSC_VER)
#define TENAX_NO_UNIQUE_ADDRESS [[msvc::no_unique_address]]
#else
#define TENAX_NO_UNIQUE_ADDRESS [[no_unique_address]]
#endif

// A library for machines without threads would allocate a thread's variables on the heap.
#if defined(__GLIBCXX__) && !defined(_GLIBCXX_HAS_GTHREADS)
#define TENAX_THREAD_LOCAL
#else
#define TENAX_THREAD_LOCAL thread_local
#endif

namespace tenax::platform {

/// Stands where a program never gets.
[[noreturn]] inline void unreachable() noexcept {
#if TENAX_HAS_BUILTINS
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
