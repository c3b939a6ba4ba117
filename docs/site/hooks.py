# SPDX-License-Identifier: MIT
"""Fits the pages of docs/ into the site: a menu made from the folders, and links that leave docs/."""
import os
import re
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent
ROOT = DOCS.parent
HOME = re.search(r'HOMEPAGE_URL "(.*)"', (ROOT / "CMakeLists.txt").read_text()).group(1)
FIRST = ["index.md", "tutorial.md", "examples.md", "anti-patterns.md", "coming-from.md"]
LAST = ["design.md", "contributing.md", "changelog.md"]


def pages(folder):
    """The pages of a folder, then those of its folders; a new page needs no line here."""
    here = [str(p.relative_to(DOCS)) for p in sorted((DOCS / folder).glob("*.md"))]
    for sub in sorted(p for p in (DOCS / folder).iterdir() if p.is_dir() and any(p.glob("*.md"))):
        here.append({sub.name: pages(sub.relative_to(DOCS))})
    return here


def on_config(config):
    named = [p for p in FIRST + LAST if (DOCS / p).exists()]
    others = [p.name for p in sorted(DOCS.glob("*.md")) if p.name not in named]
    config["nav"] = [
        *[p for p in FIRST if p in named],
        {"How to": pages("how-to")},
        {"Reference": pages("reference")},
        {"About": others + [p for p in LAST if p in named]},
    ]
    return config


def on_files(files, config):
    """Recipes for package managers and the site's own configuration are not parts of the site."""
    for file in list(files):
        if file.src_path.startswith(("packaging/", "site/")):
            files.remove(file)
    return files


def on_page_markdown(markdown, page, config, files):
    """A link to a file outside of docs/ leads to the repository. Blocks of code stay as they are."""
    folder = (DOCS / page.file.src_path).parent

    def outside(match):
        target, _, anchor = match.group(1).partition("#")
        if not target or re.match(r"[a-z]+:", target):
            return match.group(0)
        path = Path(os.path.normpath(folder / target))
        if path.is_relative_to(DOCS) and not path.is_relative_to(DOCS / "packaging"):
            return match.group(0)
        kind = "tree" if path.is_dir() else "blob"
        return f"]({HOME}/{kind}/main/{path.relative_to(ROOT)}{'#' + anchor if anchor else ''})"

    parts = re.split(r"(^```.*?^```$)", markdown, flags=re.M | re.S)
    return "".join(p if p.startswith("```") else re.sub(r"\]\(([^)\s]+)\)", outside, p) for p in parts)
