# SPDX-License-Identifier: MIT
"""Fits the pages of docs/ into the site: a menu made from the folders, long pages divided, links that leave docs/, the
pages about the compiler's sentences, and links that run the snippets."""
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

from mkdocs.structure.files import File
from mkdocs.structure.nav import Link

sys.path.insert(0, str(Path(__file__).parent))
import compiler_pages  # noqa: E402
import run_links  # noqa: E402
import split_pages  # noqa: E402

DOCS = Path(__file__).resolve().parent.parent
ROOT = DOCS.parent
HOME = run_links.HOME
FIRST = ["index.md", "how-to/install.md", "tutorial.md", "vocabulary.md", "examples.md", "anti-patterns.md"]
LAST = ["design.md", "contributing.md", "changelog.md"]
HOME_PAGE = (DOCS / "index.md").read_text()
DIVIDED = split_pages.Pages()
COMPILER = dict(compiler_pages.pages())
WORK = tempfile.TemporaryDirectory()


def title(page):
    """What the menu calls a page: below "How to" and "Coming from", titles do not begin with these words."""
    text = (DOCS / page).read_text().split("\n")[0].removeprefix("# ").removeprefix("Coming from ")
    how_to = text.removeprefix("How to ")
    return text if how_to == text else how_to[0].upper() + how_to[1:]


def entry(page):
    """A page in the menu, or the pages that it is divided into."""
    if page in DIVIDED.parts:
        return {title(page): DIVIDED.parts[page]}
    return {title(page): page}


def place(page):
    """Where the home page lists a page: the menu has the same order."""
    at = re.sub(r"^## I .*?(?=^## )", "", HOME_PAGE, flags=re.M | re.S).rfind(f"({page})")
    return at if at >= 0 else len(HOME_PAGE)


def pages(folder):
    """The pages of a folder. One that has the name of a folder stands with the pages of that folder. A new page needs no
    line here."""
    here = []
    for path in sorted((DOCS / folder).glob("*.md"), key=lambda p: place(str(p.relative_to(DOCS)))):
        page = str(path.relative_to(DOCS))
        if path.with_suffix("").is_dir():
            here.append({title(page): [{"overview": DIVIDED.parts.get(page, page)}, *pages(page.removesuffix(".md"))]})
        elif page not in FIRST:
            here.append(entry(page))
    return here


def on_config(config):
    named = [p for p in FIRST + LAST if (DOCS / p).exists()]
    others = [p.name for p in sorted(DOCS.glob("*.md")) if p.name not in named]
    known = ["how-to", "reference", "explorer", "packaging", "pictures", "site"]
    folders = sorted(f.name for f in DOCS.iterdir() if f.is_dir() and f.name not in known and any(f.glob("*.md")))
    config["nav"] = [
        {"Start": ["index.md", *[entry(p) for p in FIRST if p in named and p != "index.md"], *DIVIDED.parts.get("index.md", [])[1:]]},
        *[{folder.replace("-", " ").capitalize(): pages(folder)} for folder in folders],
        {"How to": pages("how-to")},
        {"Reference": pages("reference")},
        {"What the compiler says": [
            name if name.endswith("index.md") else {COMPILER[name].split("\n")[0].removeprefix("# ").split(":")[0]: name}
            for name in sorted(COMPILER, key=lambda name: not name.endswith("index.md"))]},
        {"About": [entry(p) for p in others + [p for p in LAST if p in named]]},
    ]
    return config


def on_nav(nav, config, files):
    """The explorer is not a page of mkdocs, so the menu gets a link to it."""
    nav.items.insert(1, Link("Policy explorer", "explorer/index.html"))
    return nav


def on_files(files, config):
    """Recipes for package managers and the site's own configuration are not parts of the site."""
    for file in list(files):
        if file.src_path.startswith(("packaging/", "site/")) or file.src_path in DIVIDED.parts:
            files.remove(file)
    for name, text in {**DIVIDED.texts, **COMPILER}.items():
        path = Path(WORK.name) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        files.append(File(name, WORK.name, config["site_dir"], config["use_directory_urls"]))
    return files


def on_page_markdown(markdown, page, config, files):
    """A link to a file outside of docs/ leads to the repository, one into a divided page to its part. Blocks of code stay
    as they are, and get a link that runs them."""
    name = page.file.src_path
    if name in COMPILER:
        return markdown
    origin = DIVIDED.place(name)
    folder = (DOCS / origin).parent

    def changed(match):
        target, _, anchor = match.group(1).partition("#")
        if re.match(r"[a-z]+:", target) or target.startswith("./"):
            return match.group(0)
        path = Path(os.path.normpath(folder / target)) if target else DOCS / origin
        if path.is_relative_to(DOCS) and not path.is_relative_to(DOCS / "packaging"):
            return f"]({DIVIDED.target(name, str(path.relative_to(DOCS)), anchor)})"
        kind = "tree" if path.is_dir() else "blob"
        return f"]({HOME}/{kind}/main/{path.relative_to(ROOT)}{'#' + anchor if anchor else ''})"

    markdown = run_links.with_links(markdown)
    parts = re.split(r"(^```.*?^```$)", markdown, flags=re.M | re.S)
    return "".join(p if p.startswith("```") else re.sub(r"\]\(([^)\s]+)\)", changed, p) for p in parts)


def on_post_build(config):
    shutil.copy(DOCS / "site/site.css", config["site_dir"])
    (Path(config["site_dir"]) / run_links.ALL).write_text(run_links.one_file())
    for key in (k for k, headers in run_links.EXTRA.items() if headers):
        (Path(config["site_dir"]) / run_links.extra(key)).write_text(run_links.one_file(key))
