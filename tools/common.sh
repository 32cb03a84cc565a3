# SPDX-License-Identifier: AGPL-3.0-only
#
# What the shell tools share. Sourced, never run: `. "$(dirname "$0")/common.sh"` from a script that stands in tools/.
# It moves to the project's root and offers the names below.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Called from make, cargo would look for make's job server, which is not handed on to shell scripts.
unset MAKEFLAGS MFLAGS

# What takes long to make and does not change is kept here, outside of the clone. Each folder in it is named after what it
# was made from (lock file, toolchain, version), so a folder is never brought up to date: another one is made beside it.
cache=${FN0_BUILD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/fn0-build}
mkdir -p "$cache" build/deps

say() { printf 'fn0: %s\n' "$*" >&2; }

fail() {
    say "$*"
    exit 1
}

# hash_of TEXT_OR_FILES…: the first 16 hexadecimal digits of the SHA-256 of the files' contents and the words given.
hash_of() {
    local word
    for word in "$@"; do
        if [ -f "$word" ]; then cat "$word"; else printf '%s\n' "$word"; fi
    done | sha256sum | cut -c 1-16
}

# as_root COMMAND…: runs it as root, with sudo where that is needed.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "root or sudo is needed for: $*"
    fi
}

# with_lock NAME COMMAND…: one at a time on this machine, whatever clone it comes from.
with_lock() {
    local name=$1
    shift
    (
        flock 9
        "$@"
    ) 9>"$cache/$name.lock"
}

# kept_folder NAME COMMAND…: makes the cache's folder NAME by running COMMAND with the path of an empty folder as its last
# word, unless it is there. The folder appears whole or not at all: it is made aside and renamed into place.
kept_folder() {
    local folder=$cache/$1
    shift
    [ -d "$folder" ] && return 0
    with_lock "$(basename "$folder")" make_kept_folder "$folder" "$@"
}

make_kept_folder() {
    local folder=$1 aside=$1.aside
    shift
    [ -d "$folder" ] && return 0
    rm -rf "$aside"
    mkdir -p "$aside"
    "$@" "$aside"
    mv -T "$aside" "$folder"
}

# link_dependency NAME TARGET: build/deps/NAME points at TARGET.
link_dependency() {
    ln -sfnT "$2" "build/deps/$1"
}
