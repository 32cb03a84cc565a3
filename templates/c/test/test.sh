# SPDX-License-Identifier: Apache-2.0

# Run by `fn0 test`, which serves the function at FN0_URL.
set -eu

# expect PATH ANSWER: a GET of PATH has to be answered so.
expect() {
    answer=$(curl --silent --show-error --fail "$FN0_URL$1")
    if [ "$answer" = "$2" ]; then
        echo "ok: $1"
    else
        echo "$1 was answered with '$answer', not '$2'"
        exit 1
    fi
}

expect "/" "Hello, world!"
expect "/?name=Ada" "Hello, Ada!"
expect "/?name=Ada+Lovelace%21" "Hello, Ada Lovelace!!"
