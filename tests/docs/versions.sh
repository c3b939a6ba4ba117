#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# versions.sh: whatever names a version of tenax names the one in include/tenax/version.hpp, and whatever names its
# address the one in CMakeLists.txt.
set -euo pipefail
cd "${TENAX_ROOT:-$(dirname "$0")/../..}"

failed=0
text=$(sed -nE 's/^inline constexpr char version_text\[\] = "(.*)";$/\1/p' include/tenax/version.hpp)
numbers=${text%%-*}
minor=${numbers%.*}

# expect <file> <regular expression whose first group is a version> <that version>
expect() {
  local found
  found=$(sed -nE "s~.*$2.*~\1~p" "$1" | sort -u)
  if [ "$found" != "$3" ]; then
    printf '%s has "%s" where "%s" is expected\n' "$1" "$found" "$3" >&2
    failed=1
  fi
}
number='([0-9]+\.[0-9]+\.[0-9]+)'
expect docs/packaging/vcpkg/ports/tenax/vcpkg.json "\"version\": \"([^\"]*)\"" "$text"
expect docs/packaging/conan/recipes/tenax/config.yml "\"([0-9][^\"]*)\":" "$text"
expect docs/packaging/conan/recipes/tenax/all/conandata.yml "\"([0-9][^\"]*)\":" "$text"
expect docs/packaging/conan/recipes/tenax/all/conandata.yml "/v([^/]*)\.tar\.gz" "$text"
expect README.md "--version=([^ ]*)" "$text"
expect docs/how-to/install.md "--version=([^ ]*)" "$text"
expect docs/how-to/install.md "tenax/$number" "$text"
expect docs/reference/version.md "version_text.* \`\"([^\"]*)\"\`; " "$text"
for page in docs/how-to/install.md docs/changelog.md tests/docs/cmake/find_package/CMakeLists.txt; do
  expect $page "find_package\(tenax ([0-9.]+)" "$minor"
done

home=$(sed -nE 's/^ *HOMEPAGE_URL "(.*)"$/\1/p' CMakeLists.txt)
expect docs/packaging/vcpkg/ports/tenax/vcpkg.json "\"homepage\": \"([^\"]*)\"" "$home"
expect docs/packaging/vcpkg/ports/tenax/portfile.cmake "URLS \"(.*)/archive/" "$home"
expect docs/packaging/conan/recipes/tenax/all/conanfile.py "homepage = \"([^\"]*)\"" "$home"
expect docs/packaging/conan/recipes/tenax/all/conandata.yml "url: \"(.*)/archive/" "$home"
expect examples/demo.cpp "explorer = \"(.*)/explorer/index.html\"" "$home"
expect tests/docs/cmake/fetch_content/CMakeLists.txt "GIT_REPOSITORY ([^ ]*)\.git" "$home"
exit $failed
