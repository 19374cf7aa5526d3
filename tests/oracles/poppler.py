"""Poppler: what a person sees on the pages of a PDF."""

import shutil
import subprocess
import tempfile
from pathlib import Path

_SECONDS = 60


def absence() -> str | None:
    found = all(shutil.which(program) for program in ("pdftoppm", "pdftotext"))
    return None if found else "poppler-utils is not installed"


def page_images(pdf: bytes, *, dpi: int = 80) -> list[bytes]:
    """Every page as a PNG picture."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "source.pdf")
        source.write_bytes(pdf)
        _run("pdftoppm", "-png", "-r", str(dpi), source, Path(folder, "page"))
        # pdftoppm pads the page numbers to one width, so the names sort by page.
        return [page.read_bytes() for page in sorted(Path(folder).glob("page-*.png"))]


def page_texts(pdf: bytes) -> list[str]:
    """The text of every page, in the order and with the spacing of print."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "source.pdf"), Path(folder, "text.txt")
        source.write_bytes(pdf)
        _run("pdftotext", "-layout", "-enc", "UTF-8", source, target)
        return target.read_text("utf-8").removesuffix("\f").split("\f")


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS)
