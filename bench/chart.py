# SPDX-License-Identifier: AGPL-3.0-only
"""Bar charts as SVG, readable on a light and on a dark page."""

from html import escape


def bars(title, rows, width=760, left=250):
    """`rows` are (label, value, highlighted, lowest, highest); the whiskers show the range over the rounds."""
    right, top, step, thick = 100, 48, 38, 22
    height = top + step * len(rows) + 16
    scale = (width - left - right) / max(row[4] for row in rows)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif" font-size="14">',
        f'<rect width="{width}" height="{height}" rx="8" fill="#ffffff"/>',
        f'<text x="20" y="30" font-size="16" font-weight="600" fill="#1b1f24">{escape(title)}</text>',
    ]
    for number, (label, value, highlighted, lowest, highest) in enumerate(rows):
        y = top + number * step
        middle = y + thick / 2
        out.append(f'<text x="{left - 12}" y="{middle + 5}" text-anchor="end" fill="#1b1f24">{escape(label)}</text>')
        out.append(
            f'<rect x="{left}" y="{y}" width="{value * scale:.1f}" height="{thick}" rx="3" fill="{"#0f766e" if highlighted else "#94a3b8"}"/>'
        )
        out.append(
            f'<path d="M{left + lowest * scale:.1f} {middle} H{left + highest * scale:.1f}" stroke="#1b1f24" stroke-width="1.5"/>'
        )
        out.append(f'<text x="{left + highest * scale + 8:.1f}" y="{middle + 5}" fill="#1b1f24">{value:,.0f}</text>')
    out.append("</svg>")
    return "\n".join(out) + "\n"
