// SPDX-License-Identifier: MIT
// windows_macros.hpp: stands in for <windows.h>: the macros of that header which look like names.
//
// The standard library's headers come first: those of libstdc++ take these macros away, or do not stand them.
#pragma once

#if __has_include(<bits/stdc++.h>)
#include <bits/stdc++.h>
#else
#include <chrono>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#endif

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
