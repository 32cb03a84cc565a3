# SPDX-License-Identifier: AGPL-3.0-only
"""The rules of the house that a script can check: rooms, licence tags, form. Run by `make lint`."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BRIDGE_HEADER = "fn0_bridge.h"
BRIDGE_ROOMS = {"base", "runtime"}
BRIDGE_FILES_IN_BASE_MAX = 1
FILE_LINES_MAX = 1200
TAGS = {
    ".c": "/* SPDX-License-Identifier: {} */",
    ".h": "/* SPDX-License-Identifier: {} */",
    ".js": "// SPDX-License-Identifier: {}",
    ".rs": "// SPDX-License-Identifier: {}",
    ".py": "# SPDX-License-Identifier: {}",
    ".sh": "# SPDX-License-Identifier: {}",
    ".mk": "# SPDX-License-Identifier: {}",
    ".wat": ";; SPDX-License-Identifier: {}",
}
APACHE_FOLDERS = {"examples", "sdk", "templates"}


def project_files(*suffixes):
    """The files of the project: those git knows and those it would take."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    paths = sorted({Path(name) for name in listed if name})
    return [path for path in paths if (ROOT / path).is_file() and (not suffixes or path.suffix in suffixes)]


def lines_of(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="replace").splitlines()


def table_of_rooms(text):
    """The table under `| room | may include |`: a room's name and the set of rooms it may include."""
    rows = text.split("| room | may include |", 1)[1].splitlines()[2:]
    rooms = {}
    for row in rows:
        if not row.startswith("|"):
            break
        room, others = (cell.strip() for cell in row.strip("|").split("|"))
        rooms[room] = {other.strip() for other in others.split(",") if other.strip()}
    return rooms


def includes_of(lines):
    """Line number and path of each `#include "…"`."""
    for number, line in enumerate(lines, 1):
        found = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
        if found:
            yield number, found.group(1)


def broken_includes(path, lines, rooms):
    """What a file of src/ includes against the table."""
    room = path.parts[1] if len(path.parts) > 2 else None
    for number, included in includes_of(lines):
        place = f"{path}:{number}: includes {included}"
        if included == BRIDGE_HEADER:
            if room not in BRIDGE_ROOMS:
                yield f"{place}: only {', '.join(sorted(BRIDGE_ROOMS))} may"
            continue
        other = included.split("/")[0]
        if other not in rooms:
            yield f'{place}: write it as "room/thing.h", with a room of docs/architecture.md'
        elif room is not None and other != room and other not in rooms[room]:
            yield f"{place}: {room} may not include {other}"


@pytest.fixture(scope="module")
def rooms():
    return table_of_rooms((ROOT / "docs/architecture.md").read_text(encoding="utf-8"))


def test_each_folder_of_src_is_a_room(rooms):
    folders = {path.parts[1] for path in project_files(".c", ".h") if path.parts[0] == "src" and len(path.parts) > 2}
    assert folders - rooms.keys() == set()


def test_rooms_depend_downwards_only(rooms):
    for room, others in rooms.items():
        for other in others:
            assert room not in rooms[other], f"{room} and {other} may include each other"


def test_includes_keep_to_the_table_of_rooms(rooms):
    broken = []
    for path in project_files(".c", ".h"):
        if path.parts[0] == "src":
            broken += broken_includes(path, lines_of(path), rooms)
    assert broken == []


def test_one_file_of_base_knows_the_bridge():
    knowing = [
        str(path)
        for path in project_files(".c", ".h")
        if path.parts[:2] == ("src", "base") and BRIDGE_HEADER in {name for _, name in includes_of(lines_of(path))}
    ]
    assert len(knowing) <= BRIDGE_FILES_IN_BASE_MAX, knowing


def test_the_check_of_includes_finds_what_is_wrong(rooms):
    wrong = ['#include "server/host.h"', '#include "fn0_bridge.h"', '#include "thing.h"', '#include "http/server.h"']
    assert len(list(broken_includes(Path("src/http/parser.c"), wrong, rooms))) == 3
    assert list(broken_includes(Path("src/main.c"), wrong[:1], rooms)) == []


def test_each_source_begins_with_its_licence():
    untagged = []
    for path in project_files():
        lines = lines_of(path)
        script = bool(lines) and lines[0].startswith("#!")
        form = TAGS.get(path.suffix) or (TAGS[".sh"] if script or path.name == "Makefile" else None)
        if form is None:
            continue
        licence = "Apache-2.0" if path.parts[0] in APACHE_FOLDERS else "AGPL-3.0-only"
        if form.format(licence) not in lines[1 if script else 0 : 2 if script else 1]:
            untagged.append(str(path))
    assert untagged == []


def test_structs_are_tags_without_typedef():
    found = [
        f"{path}:{number}"
        for path in project_files(".c", ".h")
        if path.parts[0] in ("src", "bridge")
        for number, line in enumerate(lines_of(path), 1)
        if re.match(r"\s*typedef\s+(struct|union|enum)\b", line)
    ]
    assert found == []


def test_files_stay_readable_in_one_go():
    long = [
        f"{path}: {len(lines_of(path))} lines"
        for path in project_files(".c", ".h", ".rs", ".py")
        if len(lines_of(path)) >= FILE_LINES_MAX
    ]
    assert long == []


def test_shell_scripts_parse():
    broken = []
    for path in project_files():
        lines = lines_of(path)
        if path.suffix == ".sh" or (lines and lines[0].startswith("#!") and lines[0].endswith("bash")):
            checked = subprocess.run(["bash", "-n", str(path)], cwd=ROOT, capture_output=True, text=True, check=False)
            if checked.returncode != 0:
                broken.append(checked.stderr)
    assert broken == []


def test_each_unit_test_stands_beside_a_room(rooms):
    strays = [
        str(path)
        for path in project_files(".c")
        if path.parts[:2] == ("tests", "unit") and path.name.startswith("test_") and path.parts[2] not in rooms
    ]
    assert strays == []
