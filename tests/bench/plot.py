"""A plot of ratios: bars in groups, on a logarithmic scale, with a line at 1."""

import math
from html import escape

WIDTH, LABELS, BAR = 720, 150, 18
COLOURS = ("#7f8c8d", "#2471a3", "#b9770e", "#a04000", "#6c3483")


def bars(groups: dict[str, dict[str, float]], title: str) -> str:
    """An SVG of ``{group: {name: ratio}}``."""
    ratios = [ratio for each in groups.values() for ratio in each.values()]
    low, high = math.log(min(0.5, *ratios)), math.log(max(2, *ratios) * 1.3)

    def x(ratio: float) -> float:
        return LABELS + (math.log(ratio) - low) / (high - low) * (WIDTH - LABELS - 60)

    parts, y = [text(10, 22, title, size=15)], 40
    names = list(dict.fromkeys(name for each in groups.values() for name in each))
    for group, each in groups.items():
        parts.append(text(10, y + 14, group, size=13))
        y += 22
        for name, ratio in each.items():
            colour = COLOURS[names.index(name) % len(COLOURS)]
            parts.append(text(20, y + 13, name))
            width = max(x(ratio) - LABELS, 1)
            parts.append(f'<rect x="{LABELS}" y="{y}" width="{width:.1f}" height="{BAR - 4}" fill="{colour}"/>')
            parts.append(text(x(ratio) + 5, y + 12, f"{ratio:.2f}"))
            y += BAR
        y += 8
    parts.append(f'<line x1="{x(1):.1f}" y1="36" x2="{x(1):.1f}" y2="{y}" stroke="black" stroke-dasharray="3"/>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 10}" font-family="sans-serif">'
        f'<rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n'
    )


def text(x: float, y: float, content: str, size: int = 12) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}">{escape(content)}</text>'
