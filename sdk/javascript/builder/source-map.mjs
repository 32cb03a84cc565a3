// SPDX-License-Identifier: Apache-2.0
//
// Looking up one place in a source map without reading all of it: a function's first error would spend a call's whole CPU
// time on that. The builder puts checkpoints into the map ("x_fn0_checkpoints"), states of its decoder after each so many
// segments, and the engine's library, which this is bundled into as well, decodes from the nearest of them on.
//
// Mappings are those of https://tc39.es/ecma426/: segments of differences in base64, a ";" for each line of the bundle.

const SEGMENTS_APART = 64;
// Numbers of a checkpoint: those of a state, but for `known`.
const FIELDS = ["offset", "line", "column", "source", "originalLine", "originalColumn"];

const COMMA = 44;
const SEMICOLON = 59;
const DIGITS = new Uint8Array(128);
for (const [value, digit] of [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].entries()) {
    DIGITS[digit.charCodeAt(0)] = value;
}

// Before the first segment. Lines and columns are counted from 0; `known` is whether the segment has a source.
function beginning() {
    return { offset: 0, line: 0, column: 0, source: 0, originalLine: 0, originalColumn: 0, known: false };
}

// Decodes from a state on, which it changes, and calls `visit` with it after each segment, until that returns true.
function walk(mappings, state, visit) {
    let { offset } = state;
    const read = () => {
        let value = 0;
        let shift = 0;
        let digit;
        do {
            digit = DIGITS[mappings.charCodeAt(offset++)];
            value |= (digit & 31) << shift;
            shift += 5;
        } while (digit & 32);
        return value & 1 ? -(value >>> 1) : value >>> 1;
    };
    const isOver = () => {
        const code = mappings.charCodeAt(offset);
        return code === COMMA || code === SEMICOLON || Number.isNaN(code);
    };
    while (offset < mappings.length) {
        if (isOver()) {
            if (mappings.charCodeAt(offset++) === SEMICOLON) {
                state.line++;
                state.column = 0;
            }
            continue;
        }
        state.column += read();
        state.known = !isOver();
        if (state.known) {
            state.source += read();
            state.originalLine += read();
            state.originalColumn += read();
            if (!isOver()) {
                read(); // a name
            }
        }
        state.offset = offset;
        if (visit(state)) {
            return;
        }
    }
}

// The checkpoints of mappings, one after another in one list.
export function checkpointsOf(mappings) {
    const checkpoints = [];
    let count = 0;
    walk(mappings, beginning(), (state) => {
        if (state.known && ++count % SEGMENTS_APART === 0) {
            checkpoints.push(...FIELDS.map((field) => state[field]));
        }
    });
    return checkpoints;
}

function nearestCheckpoint(checkpoints, line, column) {
    let low = 0;
    let high = checkpoints.length / FIELDS.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        const [checkedLine, checkedColumn] = [1, 2].map((field) => checkpoints[middle * FIELDS.length + field]);
        if (checkedLine < line || (checkedLine === line && checkedColumn <= column)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low === 0) {
        return beginning();
    }
    const at = (low - 1) * FIELDS.length;
    return { ...Object.fromEntries(FIELDS.map((field, i) => [field, checkpoints[at + i]])), known: true };
}

// What a place of the bundle was made of: { source, line, column }, or null. All are counted from 0, and `source` is the
// place in the map's `sources`.
export function originalPlaceOf(map, line, column) {
    const state = nearestCheckpoint(map.x_fn0_checkpoints ?? [], line, column);
    const read = () =>
        state.known ? { source: state.source, line: state.originalLine, column: state.originalColumn } : null;
    let found = state.line === line ? read() : null;
    walk(map.mappings, state, () => {
        if (state.line > line || (state.line === line && state.column > column)) {
            return true;
        }
        if (state.line === line) {
            found = read();
        }
        return false;
    });
    return found;
}
