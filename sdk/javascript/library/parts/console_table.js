// SPDX-License-Identifier: Apache-2.0
//
// The table of console.table, drawn as Node draws it.

import { classOf } from "../brand.js";
import { getStringWidth, inspect } from "./inspect_package.js";
import { isObject } from "../web_idl.js";

const INDEX = "(index)";
const ITERATION = "(iteration index)";
const KEY = "Key";
const VALUES = "Values";
// An object with more properties than this is not shown in a cell.
const PROPERTIES_SHOWN = 2;

function inspectCell(value) {
  const large =
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).length > PROPERTIES_SHOWN;
  return inspect(value, { maxArrayLength: 3, breakLength: Infinity, depth: large ? -1 : 0 });
}

function tableOfMap(map) {
  const entries = [...Map.prototype.entries.call(map)];
  return [
    [ITERATION, entries.map((_, index) => String(index))],
    [KEY, entries.map(([key]) => inspectCell(key))],
    [VALUES, entries.map(([, value]) => inspectCell(value))],
  ];
}

function tableOfSet(set) {
  const values = [...Set.prototype.values.call(set)];
  return [
    [ITERATION, values.map((_, index) => String(index))],
    [VALUES, values.map(inspectCell)],
  ];
}

function tableOfRows(data, properties) {
  const indexes = Object.keys(data);
  const columns = new Map();
  const primitives = new Array(indexes.length);
  let hasPrimitives = false;
  for (const [row, index] of indexes.entries()) {
    const item = data[index];
    if (!isObject(item) && properties === undefined) {
      hasPrimitives = true;
      primitives[row] = inspectCell(item);
      continue;
    }
    for (const key of properties ?? Object.keys(item)) {
      if (!columns.has(key)) {
        columns.set(key, new Array(indexes.length));
      }
      columns.get(key)[row] = isObject(item) && Object.hasOwn(item, key) ? inspectCell(item[key]) : "";
    }
  }
  // Keys that are indexes come first, as an object's do.
  const names = Object.keys(Object.fromEntries(columns));
  const table = [[INDEX, indexes], ...names.map((name) => [name, columns.get(name)])];
  return hasPrimitives ? [...table, [VALUES, primitives]] : table;
}

function draw(table) {
  const rows = Math.max(...table.map(([, cells]) => cells.length));
  const widths = table.map(
    ([name, cells]) => Math.max(...[name, ...cells].map((cell) => getStringWidth(cell ?? "")), 0) + 2,
  );
  const line = (left, middle, right) => left + widths.map((width) => "─".repeat(width)).join(middle) + right;
  const drawRow = (cells) =>
    `│${cells.map((cell, index) => ` ${cell}${" ".repeat(widths[index] - getStringWidth(cell) - 1)}`).join("│")}│`;
  const lines = [line("┌", "┬", "┐"), drawRow(table.map(([name]) => name)), line("├", "┼", "┤")];
  for (let row = 0; row < rows; row++) {
    lines.push(drawRow(table.map(([, cells]) => cells[row] ?? "")));
  }
  return [...lines, line("└", "┴", "┘")].join("\n");
}

// Text, or null for what is no table.
export function formatTable(data, properties) {
  if (typeof data !== "object" || data === null) {
    return null;
  }
  if (classOf(data) === "Map") {
    return draw(tableOfMap(data));
  }
  return draw(classOf(data) === "Set" ? tableOfSet(data) : tableOfRows(data, properties));
}
