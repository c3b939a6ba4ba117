# SPDX-License-Identifier: MIT
"""Every link within the built site leads to a page and to an anchor that exist, and no page is too long:
    python3 docs/site/check_links.py SITE"""
import os
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

MOST_WORDS = 1500


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.links, self.ids, self.words, self.runs, self.inside, self.hidden = [], set(), 0, 0, 0, 0

    def handle_starttag(self, tag, attributes):
        a = dict(attributes)
        if a.get("id"):
            self.ids.add(a["id"])
        for name in ("href", "src"):
            if a.get(name):
                self.links.append(a[name])
        if "godbolt.org/clientstate" in a.get("href", ""):
            self.runs += 1
        self.inside += tag == "article"
        self.hidden += tag in ("pre", "script", "style")

    def handle_endtag(self, tag):
        self.inside -= tag == "article"
        self.hidden -= tag in ("pre", "script", "style")

    def handle_data(self, data):
        if self.inside and not self.hidden:
            self.words += len(data.split())


site = Path(sys.argv[1]).resolve()
pages = {}
for path in sorted(site.glob("**/*.html")):
    page = pages[path] = Page()
    page.feed(path.read_text())

failed = links = 0
for path, page in pages.items():
    where = path.relative_to(site)
    if where.name == "404.html":
        continue
    # The changelog is a list that is not read as a page.
    if page.words > MOST_WORDS and "changelog" not in str(where):
        failed += 1
        print(f"{where} has {page.words} words; at most {MOST_WORDS} are allowed")
    for link in page.links:
        if ":" in link.split("#")[0].split("/")[0] or link.startswith("//"):
            continue
        links += 1
        target, _, anchor = unquote(link).partition("#")
        there = Path(os.path.normpath(path.parent / target)) if target else path
        if there.is_dir():
            there /= "index.html"
        if not there.exists() and there.name not in ("explorer.wasm",):
            failed += 1
            print(f"{where}: no file for {link}")
        elif anchor and there.suffix == ".html" and "explorer" not in there.parts and anchor not in pages[there].ids:
            failed += 1
            print(f"{where}: no heading for {link}")
longest = max((p for n, p in pages.items() if "changelog" not in str(n)), key=lambda p: p.words)
print(f"{len(pages)} pages, {links} links, {failed} broken or too long; at most {longest.words} words; {sum(p.runs for p in pages.values())} links that run code")
sys.exit(1 if failed else 0)
