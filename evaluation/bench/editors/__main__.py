"""Write report.json and table.md beside what tests/editors/figures.mjs has written."""

import json
import sys
from pathlib import Path

from evaluation.bench.editors.figures import report_of
from evaluation.bench.serving.tables import markdown_table


def main(measurements: Path) -> None:
    """Write both files into the folder of the measurements."""
    report = report_of(json.loads(measurements.read_text(encoding="utf-8")))
    text = json.dumps(report.to_json(), indent=2, ensure_ascii=False)
    folder = measurements.parent
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")
    (folder / "table.md").write_text(markdown_table(report), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
