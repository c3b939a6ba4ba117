# SPDX-License-Identifier: MIT
"""Makes the pages "What the compiler says" from tests/compile_fail: each sentence, the code that leads to it, and the
corrected code. The tests compile both."""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = "what-the-compiler-says"

# A page, and what the sentence or the includes of its mistakes have. The first page that fits has the mistake.
PAGES = [
    ("asynchronous-calls", "Asynchronous calls", r"async|coroutine|hedg|<asio"),
    ("http", "HTTP and clients", r"http::|when::status|poll|retrying_client|idempotent|rewindable"),
    ("gates", "Gates", r"\.through|_limiter|budget|quota|breaker|throttle|bulkhead|permits"),
    ("observers-and-environments", "Observers, logs and environments",
     r"\.observe|observer|hook|log_to|environment|before_sleep|\.on_|cancel_with|token"),
    ("waits", "Waits", r"\.wait\(|wait::|strategy"),
    ("stop-conditions", "Stop conditions and limits", r"\.stop\(|stop::|deadline|attempt_timeout|max_server_wait|duration"),
    ("predicates", "Predicates and hints", r"\.when|when::|predicate|hint|error"),
    ("calls-and-results", "Calls and results", r""),
]


def trimmed(text):
    lines = text.strip("\n").split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    indent = min((len(l) - len(l.lstrip()) for l in lines if l.strip()), default=0)
    return "\n".join(l[indent:] for l in lines)


def mistakes():
    """(name, sentence, context, wrong, right) of each file."""
    for path in sorted((ROOT / "tests/compile_fail").glob("*.cpp")):
        text = path.read_text()
        sentence = re.match(r"// expect(?: in output)?: (.*)\n", text)
        parts = re.match(r"(.*)^#ifdef CORRECTED\n(.*?)(?:^#else\n(.*?))?^#endif\n?(.*)", text, re.M | re.S)
        if not sentence or not parts:
            raise ValueError(f"{path} has no sentence, or no corrected code")
        before, right, wrong, after = parts.groups()
        includes = "\n".join(re.findall(r"^#include .*", before, re.M))
        context = re.sub(r"^(//.*|#.*|using namespace std::chrono_literals;)\n", "", before, flags=re.M)
        context = re.sub(r"\n{3,}", "\n\n", context).strip("\n")
        if wrong is None:  # a part is missing
            yield path.stem, sentence.group(1), includes, None, None, f"{context}\n{right}{after}".strip("\n")
            continue
        # A function around both is shown with them.
        opened = context.split("\n")[-1] if context.endswith("{") else ""
        if after.strip() == "}" and opened:
            context = "\n".join(context.split("\n")[:-1]).strip("\n")
        yield path.stem, sentence.group(1), includes, context, trimmed(wrong), trimmed(right)


def pages():
    """File names and texts of the pages."""
    entries = {name: [] for name, _, _ in PAGES}
    for stem, sentence, includes, context, wrong, right in mistakes():
        for name, _, pattern in PAGES:
            if re.search(pattern, sentence + "\n" + includes):
                entries[name].append((sentence, context, wrong, right))
                break
    all_entries = sum(map(len, entries.values()))
    index = ["# What the compiler says", "",
             f"The library answers {all_entries} mistakes with a sentence in the first error of the compiler, and the tests "
             "compare each of them. Each page has the sentences, the wrong code, and the right code.", ""]
    for name, title, _ in PAGES:
        if not entries[name]:
            continue
        index.append(f"- [{title}]({name}.md): {len(entries[name])} sentences")
        text = [f"# {title}: what the compiler says", ""]
        by_sentence = {}
        for sentence, context, wrong, right in entries[name]:
            by_sentence.setdefault(sentence, []).append((context, wrong, right))
        for sentence, examples in by_sentence.items():
            text += ["!!! failure \"\"", f"    {sentence.replace('<', '&lt;').replace('[', '&#91;')}", ""]
            context, wrong, right = examples[0]
            if wrong is None:
                text += ["Right:", "", "```cpp", right, "```", ""]
                continue
            shown = context + "\n\n" if context and context.count("\n") < 6 else ""
            text += ["```cpp", f"{shown}// wrong", wrong, "", "// right", right, "```", ""]
        yield f"{FOLDER}/{name}.md", "\n".join(text)
    yield f"{FOLDER}/index.md", "\n".join(index) + "\n"


if __name__ == "__main__":
    for name, text in pages():
        print(name, len(text.split()), "words")
