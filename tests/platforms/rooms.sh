#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# rooms.sh: only platform/ names an operating system, or what one compiler has and another has not.
set -euo pipefail
include=$(cd "$(dirname "$0")/../../include/tenax" && pwd)
words='__int128|__atomic_|__builtin_|__attribute__|__declspec|__extension__|\[\[(gnu|clang|msvc|no_unique_address)\b'
words+='|_WIN32|__linux__|__APPLE__|_MSC_VER|_MSC_FULL_VER|__PRETTY_FUNCTION__|__FUNCSIG__'
words+='|<(unistd|time|poll|fcntl|pthread|sched|signal|windows|winsock2)\.h>|<(sys|netinet|arpa|linux)/|<csignal>'
words+='|::(getpid|fork|nanosleep|clock_gettime|getentropy|fcntl|shutdown|strerror_r)\('
found=$(grep -rnE "$words" "$include" --include='*.hpp' | grep -v "^$include/platform/" || true)
if [ -n "$found" ]; then
  printf 'These lines belong into include/tenax/platform/:\n%s\n' "$found" >&2
  exit 1
fi
