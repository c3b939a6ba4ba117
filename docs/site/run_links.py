# SPDX-License-Identifier: MIT
"""Makes a link to Compiler Explorer for each snippet that needs only headers of this library: the whole program that the
tests compile, with the headers in one file of the site in the place of theirs, and a CHECK that prints.

    python3 docs/site/run_links.py NUMBER      compiles and runs NUMBER of the programs, or all: the test of this file
"""
import base64
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent.parent
INCLUDE = ROOT / "include"
HOME = re.search(r'HOMEPAGE_URL "(.*)"', (ROOT / "CMakeLists.txt").read_text()).group(1)
ALL = "tenax_all.hpp"  # a file of the site

# Headers that need another library are left out.
FOREIGN = re.compile(r"#\s*include <(?!tenax/)[a-z_0-9]+[./]")
CHECKS = """// Instead of a test framework:
#define TEST_CASE(...) static void test()
#define SECTION(...) if (true)
#define CHECK(...) std::printf("%s  %s\\n", (__VA_ARGS__) ? "yes" : "NO ", #__VA_ARGS__)
#define REQUIRE(...) CHECK(__VA_ARGS__)
#define CHECK_FALSE(...) CHECK(!(__VA_ARGS__))
#define STATIC_REQUIRE(...) static_assert(__VA_ARGS__)
#define STATIC_REQUIRE_FALSE(...) static_assert(!(__VA_ARGS__))
#define SUCCEED(...) std::puts("yes")
#define INFO(...)
#define CHECK_NOTHROW(...) static_cast<void>(__VA_ARGS__)
#define REQUIRE_THROWS_AS(e, type) CHECK_THROWS_AS(e, type)
#define CHECK_THROWS_AS(e, type) \\
  try { static_cast<void>(e); std::puts("NO   nothing is thrown"); } catch (type const& thrown) { std::puts("yes  throws " #type); }
#define CHECK_THROWS_WITH(e, text) \\
  try { static_cast<void>(e); std::puts("NO   nothing is thrown"); } catch (std::exception const& thrown) { CHECK(std::string(thrown.what()) == text); }
"""


def own_headers():
    """The public headers that need nothing but the standard library and each other."""
    texts = {str(p.relative_to(INCLUDE)): p.read_text() for p in sorted(INCLUDE.glob("tenax/**/*.hpp"))}
    foreign = {n for n, t in texts.items() if re.search(r"#\s*include <(fmt|boost|asio|curl|httplib|cpr|pqxx|grpc|absl|google|hiredis|nlohmann|sqlite3|mysql|uv|event2|mosquitto)", t) or "/asio" in n or "boost" in n or "pqxx" in n}
    while True:
        more = {n for n, t in texts.items() if n not in foreign and any(i in foreign for i in re.findall(r"#\s*include <(tenax/[^>]*)>", t))}
        if not more:
            return {n: t for n, t in texts.items() if n not in foreign}
        foreign |= more


def one_file():
    texts, seen, out = own_headers(), set(), []

    def add(name):
        if name in seen:
            return
        seen.add(name)
        for line in texts[name].split("\n"):
            include = re.match(r"\s*#\s*include <(tenax/[^>]*)>", line)
            if include:
                add(include.group(1))
            elif not re.match(r"\s*#\s*pragma once", line):
                out.append(line)

    for name in texts:
        if "/detail/" not in name and "/platform/" not in name:
            add(name)
    return "#pragma once\n" + "\n".join(out) + "\n"


def without_includes(text):
    text = re.sub(r"^#pragma once\n|^// SPDX.*\n", "", text, flags=re.M)
    return re.sub(r'^#include .*\n', "", text, flags=re.M)


def program(path, region):
    """The program with this region, or nothing if it needs other libraries."""
    text = (ROOT / path).read_text()
    includes = re.findall(r'^#include ([<"][^>"]*[>"])', text, re.M)
    support = []
    headers = own_headers()
    for include in list(includes):
        name = include[1:-1]
        if include[0] == '"':
            if name not in ("docs.hpp", "gates.hpp", "support.hpp", "catch.hpp"):
                return None
            if name == "catch.hpp":
                continue
            if name == "gates.hpp" and '"support.hpp"' not in includes:
                there = ROOT / "tests/support.hpp"
                support.append(without_includes(there.read_text()))
                includes += re.findall(r'^#include (<[^>]*>)', there.read_text(), re.M)
            there = ROOT / "tests" / ("docs/docs.hpp" if name == "docs.hpp" else name)
            support.append(without_includes(there.read_text()))
            includes += re.findall(r'^#include (<[^>]*>)', there.read_text(), re.M)
        elif name.startswith("tenax/") and name not in headers or re.match(r"(asio|boost|fmt|httplib|curl|pqxx|grpc|hiredis|nlohmann|sqlite3|mysql|uv|event2|mosquitto)", name):
            return None
    standard = sorted({i for i in includes if i[0] == "<" and not i.startswith("<tenax/")} | {"<cstdio>", "<string>"})
    # The test case of the region, or the first one after it, and everything outside of test cases.
    at = text.index(f"// [{region}]\n")
    cases = list(re.finditer(r"^TEST_CASE\(.*?^}\n", text, re.M | re.S))
    chosen = next((c for c in cases if c.end() > at), None)
    for case in reversed(cases):
        if case is not chosen:
            text = text[:case.start()] + text[case.end():]
    if chosen and "docs::text(" in chosen.group(0):
        return None  # reads a file of the repository
    text = re.sub(r"^ *// \[/?[a-z_0-9]+\]\n", "", "\n".join(support) + without_includes(text), flags=re.M)
    text = re.sub(r"\n{3,}", "\n\n", text)
    main = "test();" if chosen else ""
    return (f"#include <{HOME}/{ALL}>\n" + "".join(f"#include {i}\n" for i in standard) + "\n" + CHECKS + "\n" + text.strip("\n")
            + f"\n\nint main() {{\n  {main}\n}}\n")


def link(source):
    state = {"sessions": [{"id": 1, "language": "c++", "source": source, "compilers": [],
                           "executors": [{"compiler": {"id": "g141", "libs": [], "options": "-std=c++20 -O1"}}]}]}
    return "https://godbolt.org/clientstate/" + quote(base64.b64encode(json.dumps(state).encode()).decode(), safe="")


MARKER = re.compile(r"<!-- snippet: (tests/docs/[a-z_]+\.cpp)#([a-z_0-9]+) -->\n```cpp\n.*?^```$", re.M | re.S)


def with_links(markdown):
    """The text of a page, with a link after each snippet that can run alone."""
    def add(match):
        source = program(match.group(1), match.group(2))
        return match.group(0) if source is None else f"{match.group(0)}\n\n[Run it]({link(source)})\n"

    return MARKER.sub(add, markdown)


def check(number):
    snippets = [m for page in sorted((ROOT / "docs").glob("**/*.md")) for m in MARKER.findall(page.read_text())]
    programs = {(p, r): s for p, r in snippets if (s := program(p, r)) is not None}
    print(f"{len(snippets)} snippets, {len(programs)} with a link")
    assert len(programs) * 3 > len(snippets) * 2, "too few snippets have a link"
    names = list(programs)
    if number < len(names):
        names = names[:: len(names) // number][:number]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / ALL).write_text(one_file())
        for name in names:
            # What the link holds, as a browser reads it.
            state = json.loads(base64.b64decode(re.sub(r"%(..)", lambda m: chr(int(m.group(1), 16)), link(programs[name]).rsplit("/", 1)[1])))
            source = state["sessions"][0]["source"].replace(f"<{HOME}/{ALL}>", f'"{ALL}"')
            (Path(folder) / "a.cpp").write_text(source)
            done = subprocess.run([os.environ.get("CXX", "g++"), "-std=c++20", "-O0", "-w", "-pthread", "-o", f"{folder}/a.out", f"{folder}/a.cpp"],
                                  capture_output=True, text=True)
            if done.returncode == 0:
                done = subprocess.run([f"{folder}/a.out"], capture_output=True, text=True, timeout=20)
            if done.returncode != 0 or "NO  " in done.stdout:
                failed += 1
                print(f"{name[0]}#{name[1]} fails as a program:\n{(done.stdout + done.stderr)[:1500]}")
    return failed == 0


if __name__ == "__main__":
    sys.exit(0 if check(int(sys.argv[1])) else 1)
