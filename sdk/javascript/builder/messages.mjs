// SPDX-License-Identifier: Apache-2.0
//
// What a build says when it fails, in the form that editors and people read:
//
//     src/hello.ts:3:17: error: there is no package "left-pad"
//         3 | import pad from "left-pad";
//           |                 ^~~~~~~~~~
//       npm install left-pad
//
// A message is { file, line, column, length, lineText, text, hints, warning }: `column` from 0 in UTF-16 units, `file` as it
// is to be shown, null where there is no place.

const WIDTH_MAX = 110;

// A piece of a long line with the column in it, as bundled packages have them: [text, column].
function cropped(text, column) {
    if (text.length <= WIDTH_MAX) {
        return [text, column];
    }
    const begin = Math.max(0, Math.min(column - 40, text.length - WIDTH_MAX));
    const end = Math.min(text.length, begin + WIDTH_MAX);
    const before = begin > 0 ? "…" : "";
    const after = end < text.length ? "…" : "";
    return [before + text.slice(begin, end) + after, column - begin + before.length];
}

function excerpt({ line, column, length, lineText }) {
    const [text, at] = cropped(lineText, column);
    const number = String(line).padStart(5);
    const pad = text.slice(0, at).replace(/[^\t]/g, " ");
    const marked = Math.max(0, Math.min(length, text.length - at) - 1);
    return [`${number} | ${text}`, `${" ".repeat(number.length)} | ${pad}^${"~".repeat(marked)}`];
}

export function formatMessage(message) {
    const kind = message.warning ? "warning" : "error";
    const lines = [];
    if (message.file === null) {
        lines.push(`${kind}: ${message.text}`);
    } else if (message.line === null) {
        lines.push(`${message.file}: ${kind}: ${message.text}`);
    } else {
        lines.push(`${message.file}:${message.line}:${message.column + 1}: ${kind}: ${message.text}`);
        lines.push(...excerpt(message));
    }
    for (const hint of message.hints) {
        lines.push(`  ${hint}`);
    }
    return `${lines.join("\n")}\n`;
}

// A message out of one of esbuild's, which counts columns and lengths in bytes. `show` turns its path into what people see.
export function messageOf(found, show) {
    const { location } = found;
    const message = { file: null, line: null, column: 0, length: 0, lineText: "", text: found.text, hints: [], warning: false };
    if (location !== null) {
        const bytes = Buffer.from(location.lineText);
        const column = bytes.subarray(0, location.column).toString().length;
        const length = bytes.subarray(location.column, location.column + location.length).toString().length;
        Object.assign(message, { file: show(location.file), line: location.line, column, length });
        message.lineText = location.lineText;
    }
    return message;
}

// What esbuild adds to a message, with the place it speaks of: "The symbol "a" was originally declared here: a.ts:1:7".
export function hintsOf(found, show) {
    return found.notes.map((note) => {
        const { file, line, column } = messageOf(note, show);
        return file === null ? note.text : `${note.text} ${file}:${line}:${column + 1}`;
    });
}
