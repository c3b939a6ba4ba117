// SPDX-License-Identifier: MIT
// windows_macros.hpp: stands in for <windows.h>: the macros of that header which look like names.
//
// The standard library's headers come first: those of libstdc++ take these macros away, or do not stand them.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <charconv>
#include <chrono>
#include <cmath>
#include <compare>
#include <concepts>
#include <condition_variable>
#include <coroutine>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <exception>
#if __has_include(<expected>)
#include <expected>
#endif
#include <functional>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <numeric>
#include <optional>
#include <queue>
#include <random>
#include <set>
#include <source_location>
#include <span>
#include <sstream>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))
#define interface struct
#define small char
#define hyper __int64
#define near
#define far
#define pascal __stdcall
#define cdecl
#define rad1 0x0420
#define IN
#define OUT
#define OPTIONAL
#define CONST const
#define VOID void
#define THIS void
#define PURE = 0
#define CALLBACK __stdcall
#define ERROR 0
#define NO_ERROR 0L
#define DELETE 0x00010000L
#define IGNORE 0
#define INFINITE 0xffffffff
#define RELATIVE 2
#define ABSOLUTE 1
#define OPAQUE 2
#define TRANSPARENT 1
#define TRUE 1
#define FALSE 0
#define STRICT 1
#define Yield()
#define GetMessage GetMessageW
#define GetObject GetObjectW
#define GetCurrentTime() GetTickCount()
#define SendMessage SendMessageW
#define CreateEvent CreateEventW
