"""``docs/benchmarks.md``: what one run of ``make bench`` has measured."""

import os
import platform
from pathlib import Path


class Report:
    """Collects sections, which are printed as they come, and writes them at the end."""

    def __init__(self, folder: Path, rounds: int) -> None:
        self._folder = folder
        self._parts = [
            "# Benchmarks",
            f"Written by `make bench`, in one run: medians of {rounds} rounds in which the contenders took"
            f" turns, with the least and the most. {os.cpu_count()} cores, {platform.system()}; all on one machine.",
        ]

    def heading(self, text: str) -> None:
        self._add(f"## {text}")

    def text(self, text: str) -> None:
        self._add(text)

    def table(self, columns: list[str], rows: list[list[str]]) -> None:
        lines = [columns, ["---"] * len(columns), *rows]
        self._add("\n".join(f"| {' | '.join(line)} |" for line in lines))

    def plot(self, name: str, svg: str) -> None:
        (self._folder / name).write_text(svg)
        self._add(f"![{name}]({name})")

    def write(self) -> None:
        (self._folder / "benchmarks.md").write_text("\n\n".join(self._parts) + "\n")

    def _add(self, part: str) -> None:
        print(f"\n{part}", flush=True)
        self._parts.append(part)
