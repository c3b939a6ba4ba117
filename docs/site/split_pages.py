# SPDX-License-Identifier: MIT
"""Divides long pages of docs/ for the site: a page with more than 1500 words becomes a folder, with one page for each
heading of the second level. Links keep leading to the right place."""
import os
import re
from pathlib import Path

MOST_WORDS = 1500
# The home page keeps its short parts.
LONG_HOME, LONG_PART = 900, 350
DOCS = Path(__file__).resolve().parent.parent


def words(text):
    """Those that people read: without code, addresses and comments."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    text = re.sub(r"<!--.*?-->|\]\([^)]*\)", "", text, flags=re.S)
    return len(text.split())


def slug(heading):
    """The anchor of a heading, as forges and the site make it."""
    return re.sub(r" ", "-", re.sub(r"[^a-z0-9 _-]", "", heading.lower()))


def headings(text):
    """(level, anchor) of each heading outside of code."""
    plain = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    seen = {}
    for marks, title in re.findall(r"^(#+) +(.*)$", plain, re.M):
        anchor = slug(title)
        copies = seen.get(anchor, 0)
        seen[anchor] = copies + 1
        yield len(marks), anchor if copies == 0 else f"{anchor}-{copies}"


def sections(text):
    """The text before the first heading of the second level, and (title, text) of each such heading."""
    pieces = re.split(r"(^```.*?^```$)", text, flags=re.M | re.S)
    first, rest, current = [], [], None
    for piece in pieces:
        if piece.startswith("```"):
            current = current if current is not None else first
            current.append(piece)
            continue
        for i, part in enumerate(re.split(r"^(## .*)$", piece, flags=re.M)):
            if i % 2 == 1:
                current = []
                rest.append((part[3:].strip(), current))
            else:
                (first if current is None else current).append(part)
    return "".join(first), [(title, "".join(body)) for title, body in rest]


def raised(text):
    """With each heading one level higher."""
    parts = re.split(r"(^```.*?^```$)", text, flags=re.M | re.S)
    return "".join(p if p.startswith("```") else re.sub(r"^#(#+ )", r"\1", p, flags=re.M) for p in parts)


class Pages:
    """The pages of the site that are not files of docs/, and where the anchors of divided pages are."""

    def __init__(self):
        self.texts = {}    # page of the site -> text
        self.origin = {}   # page of the site -> page of docs/
        self.anchors = {}  # (page of docs/, anchor) -> page of the site
        self.parts = {}    # page of docs/ -> its pages of the site
        for path in sorted(DOCS.glob("**/*.md")):
            name = str(path.relative_to(DOCS))
            text = path.read_text()
            if not name.startswith(("packaging/", "site/")) and words(text) > (MOST_WORDS if name != "index.md" else LONG_HOME):
                self.divide(name, text)

    def divide(self, name, text):
        first, rest = sections(text)
        if len(rest) < 2:
            return
        home = name == "index.md"
        folder = "start" if home else name[: -len(".md")]
        index = name if home else f"{folder}/index.md"
        contents = []
        anchors = iter(list(headings(text)))
        names = set()
        for title, body in [(None, first), *rest]:
            page = index
            if title is not None and home and words(body) < LONG_PART:
                self.texts[page] += f"## {title}\n{body}"
            elif title is not None:
                base = slug(title).strip("-") or "part"
                while base in names:
                    base += "-"
                names.add(base)
                page = f"{folder}/{base}.md"
                contents.append(f"- [{title}](./{'start/' if home else ''}{base}.md)")
                self.texts[page] = f"# {title}\n{raised(body)}"
            else:
                self.texts[page] = body
            for _ in range(sum(1 for _ in headings(body)) + (title is not None)):
                self.anchors[name, next(anchors)[1]] = page
            self.origin[page] = name
            if page not in self.parts.setdefault(name, []):
                self.parts[name].append(page)
        self.texts[index] = self.texts[index].rstrip("\n") + "\n\n" + "\n".join(contents) + "\n"

    def place(self, page):
        """The page of docs/ that a page of the site comes from."""
        return self.origin.get(page, page)

    def target(self, page, path, anchor):
        """A link from a page of the site to a page of docs/, with its anchor."""
        there = path
        if path in self.parts:
            there = self.anchors.get((path, anchor), self.parts[path][0])
            if anchor and self.texts[there].startswith("# ") and slug(self.texts[there].split("\n")[0][2:]) == anchor:
                anchor = ""
        return os.path.relpath(there, os.path.dirname(page) or ".") + (f"#{anchor}" if anchor else "")


if __name__ == "__main__":
    pages = Pages()
    for name, parts in pages.parts.items():
        print(name, len(parts), max(words(pages.texts[p]) for p in parts))
