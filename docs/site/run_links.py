# SPDX-License-Identifier: MIT
"""Makes a link to Compiler Explorer for each snippet: the whole program that the tests compile, with files of the site in
the place of the headers, and a CHECK that prints. A snippet whose libraries Compiler Explorer does not have gets the reason.
Servers run in the program itself: Compiler Explorer has no network but the loopback, and few threads.

    python3 docs/site/run_links.py NUMBER      compiles and runs NUMBER of the programs, or all: the test of this file
"""
import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
INCLUDE = ROOT / "include"
HOME = re.search(r'HOMEPAGE_URL "(.*)"', (ROOT / "CMakeLists.txt").read_text()).group(1)
ALL = "tenax_all.hpp"  # a file of the site: all headers that need only the standard library

ADDRESS = "https://godbolt.org/clientstate/"
LONGEST = 8000  # characters of a link; servers do not take much longer addresses

# What the names of headers belong to: a key, and the library's name.
LIBRARIES = {"fmt/": ("fmt", "{fmt}"), "nlohmann/": ("json", "nlohmann/json"), "boost/": ("boost", "Boost"), "asio": ("asio", "Asio"),
             "httplib.h": ("httplib", "cpp-httplib"), "curl/": ("curl", "libcurl"), "pqxx/": ("pqxx", "libpqxx"), "grpc": ("grpc", "gRPC"),
             "absl/": ("grpc", "gRPC"), "google/": ("grpc", "gRPC"), "hiredis/": ("hiredis", "hiredis"), "sqlite3.h": ("sqlite", "SQLite"),
             "mysql.h": ("mysql", "MariaDB's C library"), "uv.h": ("uv", "libuv"), "event2/": ("event", "libevent"), "Q": ("qt", "Qt's network classes"),
             "mosquitto.h": ("mosquitto", "libmosquitto")}
# Those that Compiler Explorer has: its name and version of the library, what the compiler needs, and what the test needs.
# cpp-httplib is one header, which comes from its repository. A program may have 14 threads, so its servers have few.
OFFERED = {"fmt": (("fmt", "910"), "-DFMT_HEADER_ONLY", []),
           "json": (("nlohmann_json", "3111"), "", []),
           "boost": (("boost", "181"), "-pthread", ["-isystem", str(ROOT / "build/newer-boost/usr/include")]),
           "curl": (("curl", "7831"), "", ["-lcurl"]),
           "sqlite": (("sqlite", "3400"), "", ["-lsqlite3"]),
           "uv": (("libuv", "1381"), "-pthread", ["-luv"]),
           "httplib": (None, "-pthread -DCPPHTTPLIB_THREAD_POOL_COUNT=4",
                       [f"-DCPPHTTPLIB_{part}_SUPPORT" for part in ("OPENSSL", "ZLIB", "BROTLI")] + ["-lcpp-httplib"])}
FROM_REPOSITORY = {"httplib.h": "https://raw.githubusercontent.com/yhirose/cpp-httplib/v0.11.4/httplib.h"}


def library(header):
    """The key of the library that a header belongs to, or nothing."""
    return next((key for start, (key, _) in LIBRARIES.items() if header.startswith(start)), None)


def extra(key):
    """The file of the site with the headers that need this library."""
    return f"tenax_{key}.hpp"

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


def headers():
    """The public headers: name -> (text, the libraries that it needs)."""
    texts = {str(p.relative_to(INCLUDE)): p.read_text() for p in sorted(INCLUDE.glob("tenax/**/*.hpp"))}
    included = {n: re.findall(r"#\s*include <([^>]*)>", t) for n, t in texts.items()}
    # Parts of the adapters for Asio include nothing by themselves.
    needs = {n: {k for i in included[n] if (k := library(i))} for n in texts}
    for n in texts:
        if n in ("tenax/pqxx.hpp",):
            needs[n].add("pqxx")
    while True:
        before = sum(map(len, needs.values()))
        for n in texts:
            for i in included[n]:
                needs[n] |= needs.get(i, set())
        if sum(map(len, needs.values())) == before:
            return {n: (texts[n], frozenset(needs[n])) for n in texts}


HEADERS = headers()


def gathered_headers(key, without):
    """The public headers that need this library, or none, and what they include: name -> lines. Each after what it includes."""
    out = {}

    def add(name):
        text, needs = HEADERS[name]
        if name in out or name in without or needs not in (frozenset(), frozenset([key])):
            return
        lines = out[name] = []
        for line in text.split("\n"):
            include = re.match(r"\s*#\s*include <(tenax/[^>]*)>", line)
            if include:
                add(include.group(1))
            elif not re.match(r"\s*#\s*pragma once", line) and line.removeprefix("#include ").strip("<>") not in FROM_REPOSITORY:
                lines.append(line)
        out[name] = out.pop(name)

    for name, (_, needs) in HEADERS.items():
        if "/detail/" not in name and "/platform/" not in name and needs == frozenset([key] if key else []):
            add(name)
    return out


CORE = gathered_headers(None, {})
# What the headers of several libraries include is with those that need no library.
CORE |= {n: lines for key in OFFERED for n, lines in gathered_headers(key, CORE).items() if not HEADERS[n][1]}
EXTRA = {key: gathered_headers(key, CORE) for key in OFFERED}


def one_file(key=None):
    """The headers that need only the standard library in one file, or in another one those that also need this library."""
    parts = EXTRA[key] if key else CORE
    return "#pragma once\n" + "\n".join("\n".join(lines) for lines in parts.values()) + "\n"


def without_includes(text):
    text = re.sub(r"^#pragma once\n|^// SPDX.*\n", "", text, flags=re.M)
    return re.sub(r'^#include .*\n', "", text, flags=re.M)


class Cannot(Exception):
    """Why a snippet has no link, as the end of a sentence."""


def literal(text):
    return f'std::string(R"___({text})___")'


def gathered(path):
    """The lines of includes in angle brackets that a file needs, and the texts of the files of the tests that it includes."""
    system, support, seen = [], [], set()

    def add(file):
        for include in re.findall(r'^#include ([<"][^>"]*[>"])', file.read_text(), re.M):
            name = include[1:-1]
            if include[0] == "<":
                system.append(include)
                continue
            there = (file.parent / name).resolve()
            if not there.exists():
                there = ROOT / "tests" / name
            if name == "catch.hpp" or there in seen:
                continue
            seen.add(there)
            add(there)
            support.append(without_includes(there.read_text()))

    add(ROOT / path)
    return list(dict.fromkeys(system)), support


def in_boost(text):
    """The same with Boost.Asio, which Compiler Explorer has, in the place of Asio."""
    text = re.sub(r"\btenax::asio\b", "tenax::boost_asio", text)
    return re.sub(r"(?<![:\w])asio::error_code", "boost::system::error_code", text)


def program(path, region):
    """The program with this region, and the keys of the libraries that it needs. Raises `Cannot`."""
    out, keys = program_of(path, region)
    if len(link(out, keys)) > LONGEST:
        out, keys = program_of(path, region, with_comments=False)
    if len(link(out, keys)) > LONGEST:
        raise Cannot("is too long for a link")
    return out, keys


def program_of(path, region, with_comments=True):
    """`with_comments`: whether the files that the program includes keep their comments."""
    text = (ROOT / path).read_text()
    includes, support = gathered(path)
    if not with_comments:
        support = [re.sub(r"^ *//.*\n", "", s, flags=re.M) for s in support]
    is_example = path.startswith("examples/")
    if path.endswith(".hpp"):
        raise Cannot("")
    if re.search(r"^import ", text, re.M):
        raise Cannot("needs a compiled module")
    if "tenax_platform::" in text:
        raise Cannot("is for a machine without an operating system")
    asio = any(library(i[1:-1]) == "asio" for i in includes)
    if asio:
        includes = [i.replace("<asio/", "<boost/asio/").replace("<asio.hpp>", "<boost/asio.hpp>").replace("<tenax/asio.hpp>", "<tenax/boost_asio.hpp>")
                    for i in includes]
    needs = set()
    for include in includes:
        name = include[1:-1]
        needs |= HEADERS[name][1] if name in HEADERS else {k for k in [library(name)] if k}
    if missing := sorted({name for key, name in LIBRARIES.values() if key in needs - set(OFFERED)}):
        raise Cannot("needs " + " and ".join([", ".join(missing[:-1]), missing[-1]] if len(missing) > 1 else missing) +
                     ", which Compiler Explorer does not have")
    if "ThreadPool(" in text:
        raise Cannot("needs a server with more threads than a program may have there")
    needs = sorted(needs)
    # Compiler Explorer does not follow the includes of files that it gets by their address.
    includes += [f"<{h}>" for h in FROM_REPOSITORY if library(h) in needs]
    includes = [f"<{FROM_REPOSITORY.get(i[1:-1], i[1:-1])}>" for i in includes]
    standard = sorted({i for i in includes if not i.startswith("<tenax/")} | {"<cstdio>", "<string>"})
    chosen = None
    if not is_example and "TEST_CASE" in text:
        # The test case of the region, or the first one after it, and everything outside of test cases.
        at = text.index(f"// [{region}]\n")
        cases = list(re.finditer(r"^TEST_CASE\(.*?^}\n", text, re.M | re.S))
        after = [c for c in cases if c.end() > at]
        inside = after and after[0].start() < at
        # Cases about whole pages say nothing about a region in front of them.
        chosen = next((c for c in after if inside or 'docs::text("../' not in c.group(0)), None)
        for case in reversed(cases):
            if case is not chosen:
                text = text[:case.start()] + text[case.end():]
    text = re.sub(r"^ *// \[/?[a-z_0-9]+\]\n", "", "\n".join(support) + without_includes(text), flags=re.M)
    # The files of the repository that it reads.
    text = re.sub(r'docs::text\("\.\./[^"]*"\)', "std::string()", text)
    text = re.sub(r'docs::text\("([^"]*)"\)', lambda m: literal((ROOT / "tests/docs" / m.group(1)).read_text().rstrip("\n")), text)
    if asio:
        text = "namespace asio = boost::asio;  // Compiler Explorer has Boost.Asio, whose names are the same\n" + in_boost(text)
    text = re.sub(r"\n{3,}", "\n\n", text)
    has_main = re.search(r"^int main\(", text, re.M)
    out = f"#include <{HOME}/{ALL}>\n" + "".join(f"#include {i}\n" for i in standard)
    out += "".join(f"#include <{HOME}/{extra(key)}>\n" for key in needs if EXTRA[key])
    out += "\n" + ("" if has_main else CHECKS + "\n") + text.strip("\n") + "\n"
    if not has_main:
        out += f"\nint main() {{\n  {'test();' if chosen else ''}\n}}\n"
    return out, needs


def link(source, keys):
    libraries = [{"name": offered[0], "ver": offered[1]} for offered, _, _ in map(OFFERED.get, keys) if offered]
    options = " ".join(dict.fromkeys(o for key in keys for o in OFFERED[key][1].split()))
    state = {"sessions": [{"id": 1, "language": "c++", "source": source, "compilers": [],
                           "executors": [{"compiler": {"id": "g141", "libs": libraries, "options": f"-std=c++20 -O1 {options}".rstrip()}}]}]}
    return ADDRESS + base64.urlsafe_b64encode(zlib.compress(json.dumps(state).encode(), 9)).decode().rstrip("=")


def state_of(address):
    """What a link holds, as Compiler Explorer reads it: base64 of compressed JSON."""
    text = address.removeprefix(ADDRESS)
    return json.loads(zlib.decompress(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))


MARKER = re.compile(r"<!-- snippet: ((?:tests|examples)/[a-z_0-9/]+\.[ch]pp)#([a-z_0-9]+) -->\n```cpp\n.*?^```$", re.M | re.S)


def with_links(markdown):
    """The text of a page, with a link after each snippet, or the reason why there is none."""
    def add(match):
        try:
            address = link(*program(match.group(1), match.group(2)))
            return f'{match.group(0)}\n\n<p class="run"><a href="{address}" title="The whole program, in Compiler Explorer">Run it</a></p>\n'
        except Cannot as why:
            return f'{match.group(0)}\n\n<p class="run">It does not run in the browser, because it {why}.</p>\n' if str(why) else match.group(0)

    return MARKER.sub(add, markdown)


def check(number):
    snippets = [m for page in sorted((ROOT / "docs").glob("**/*.md")) for m in MARKER.findall(page.read_text())]
    programs, reasons = {}, {}
    for name in dict.fromkeys(snippets):
        try:
            programs[name] = program(*name)
        except Cannot as why:
            reasons[name] = str(why)
    print(f"{len(programs) + len(reasons)} snippets, {len(programs)} with a link, {len(reasons)} without:")
    for why in sorted(set(reasons.values())):
        print(f"  {list(reasons.values()).count(why)} {why or 'show only names'}")
    assert len(programs) * 10 > (len(programs) + len(reasons)) * 8, "too few snippets have a link"
    longest = max(programs, key=lambda name: len(link(*programs[name])))
    print(f"the longest link, of {longest[0]}#{longest[1]}, has {len(link(*programs[longest]))} characters")
    # One for each set of libraries, and some of the others.
    by_keys = {}
    for name, (_, keys) in programs.items():
        if "boost" not in keys or Path(OFFERED["boost"][2][1]).exists():
            by_keys.setdefault(tuple(keys), []).append(name)
    names = [name for group in by_keys.values() for name in group]
    if number < len(names):
        plain = by_keys.pop(())
        names = plain[:: len(plain) // number][:number] + [group[number % len(group)] for group in by_keys.values()]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / ALL).write_text(one_file())
        for key in OFFERED:
            (Path(folder) / extra(key)).write_text(one_file(key))
        for header in FROM_REPOSITORY:
            assert not any(f"<{header}>" in file.read_text() for file in Path(folder).iterdir()), f"a file of the site includes {header}"
        here = {address: header for header, address in FROM_REPOSITORY.items()}
        for name in names:
            # What the link holds, as a browser reads it.
            state = state_of(link(*programs[name]))
            executor = state["sessions"][0]["executors"][0]["compiler"]
            source = re.sub(rf"<{HOME}/(tenax_\w+\.hpp)>", r'"\1"', state["sessions"][0]["source"])
            source = re.sub(r"<(https:[^>]*)>", lambda m: f"<{here[m.group(1)]}>", source)
            (Path(folder) / "a.cpp").write_text(source)
            options = executor["options"].replace("-O1", "-O0").split()
            libraries = [o for key in programs[name][1] for o in OFFERED[key][2]]
            done = subprocess.run([os.environ.get("CXX", "g++"), *options, "-w", "-pthread", "-o", f"{folder}/a.out", f"{folder}/a.cpp",
                                   *libraries], capture_output=True, text=True)
            if done.returncode == 0:
                done = subprocess.run([f"{folder}/a.out"], capture_output=True, text=True, timeout=20)
            if done.returncode != 0 or "NO  " in done.stdout:
                failed += 1
                print(f"{name[0]}#{name[1]} fails as a program:\n{(done.stdout + done.stderr)[:1500]}")
    print(f"{len(names)} programs were compiled and run, {failed} failed")
    return failed == 0


if __name__ == "__main__":
    sys.exit(0 if check(int(sys.argv[1])) else 1)
