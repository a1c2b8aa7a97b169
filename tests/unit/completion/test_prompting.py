"""What a prompt calls the file that is completed in."""

import pytest

from completion.prompting import path_in_repository


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("file:///home/me/my%20code/lib/a.py", "lib/a.py"),
        ("/home/me/my code/lib/a.py", "lib/a.py"),
        (r"C:\my code\lib\a.py", "lib/a.py"),
        ("vscode-notebook-cell:/home/me/my%20code/lib/a.ipynb#W1s", "lib/a.ipynb"),
        ("file:///home/me/other/lib/a.py", "a.py"),
        ("file:///home/me/my%20code", "my code"),
        ("untitled:Untitled-1", "Untitled-1"),
        ("", ""),
    ],
)
def test_the_path_in_the_repository_or_else_the_name_of_the_file(name: str, path: str) -> None:
    assert path_in_repository(name, "my code") == path
