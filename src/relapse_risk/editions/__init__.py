"""Reports: an edition is planned, executed, exported and published."""

import sys

# Importing nbformat compiles grammars for seconds wherever JupyterLab is installed, for URL formats that notebooks
# never use; jsonschema does without when the module cannot be imported.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
