// SPDX-License-Identifier: MIT
// platform/windows.hpp: the functions of Windows that the library calls.
#pragma once

#include <tenax/platform/system.hpp>

#if defined(_WIN32) && !defined(TENAX_PLATFORM)

// Declared as <windows.h> declares them. That header would bring its macros (min, max, interface, small) to every user.
struct _SECURITY_ATTRIBUTES;
union _LARGE_INTEGER;
extern "C" {
__declspec(dllimport) void __stdcall Sleep(unsigned long);
__declspec(dllimport) void* __stdcall CreateWaitableTimerExW(_SECURITY_ATTRIBUTES*, wchar_t const*, unsigned long,
                                                             unsigned long);
__declspec(dllimport) int __stdcall SetWaitableTimer(void*, _LARGE_INTEGER const*, long,
                                                     void(__stdcall*)(void*, unsigned long, unsigned long), void*, int);
__declspec(dllimport) unsigned long __stdcall WaitForSingleObject(void*, unsigned long);
__declspec(dllimport) int __stdcall CloseHandle(void*);
__declspec(dllimport) unsigned long __stdcall GetCurrentProcessId();
__declspec(dllimport) unsigned char __stdcall SystemFunction036(void*, unsigned long);  // RtlGenRandom
}
#if defined(_MSC_VER)
#pragma comment(lib, "advapi32")
#endif

#endif
