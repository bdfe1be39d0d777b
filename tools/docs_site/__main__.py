"""``python -m tools.docs_site``: the documentation site in ``build/docs/html``, and its archive beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from tools.docs_site.gather import gather
from tools.docs_site.links import broken_links, fetched_elsewhere

from relapse_risk.editions.fonts import font_css

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "docs"
ARCHIVE = "relapse-risk-docs.zip"
LATIN_AND_SIGNS = 0x2E80  # Chinese and its signs begin here


def archive(site: Path, target: Path) -> None:
    """All files of a site in one zip, in a folder of its own; the same bytes for the same files."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(p for p in site.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(f"relapse-risk-docs/{path.relative_to(site).as_posix()}", (2020, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, path.read_bytes())


def embed_chinese(site: Path) -> None:
    """The Chinese characters of all pages as a font of the site, cut from the package's own."""
    words = {character for path in site.rglob("*.html") for character in path.read_text(encoding="utf-8")}
    chinese = "".join(sorted(c for c in words if ord(c) > LATIN_AND_SIGNS))
    rules = font_css(chinese).replace("font-style:", f"unicode-range:U+{LATIN_AND_SIGNS:X}-10FFFF;font-style:")
    (site / "_static" / "chinese.css").write_text(rules, encoding="utf-8")


def main() -> int:
    gather(ROOT, OUT)
    site = OUT / "html"
    shutil.rmtree(site, ignore_errors=True)
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-E", "-d", OUT / "trees", OUT / "source", site],
        env=os.environ
        | {"MPLBACKEND": "module://matplotlib_inline.backend_inline", "PYDEVD_DISABLE_FILE_VALIDATION": "1"},
        check=False,
    )
    if site.exists():
        embed_chinese(site)
    wrong = broken_links(site) + fetched_elsewhere(site) if site.exists() else []
    sys.stderr.writelines(f"{line}\n" for line in wrong)
    if built.returncode or wrong:
        return 1
    archive(site, OUT / ARCHIVE)
    sys.stdout.write(f"{site / 'index.html'}\n{OUT / ARCHIVE}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
