// SPDX-License-Identifier: AGPL-3.0-only
//
// The data of the Web Platform Tests for URLPattern, which is put in front as DATA, checked as their own script does it.
// Prints a line of JSON for each case that fails: its name and what is wrong; and at the end how many cases there were.

const EARLIER = {
  protocol: [],
  hostname: ["protocol"],
  port: ["protocol", "hostname"],
  username: [],
  password: [],
  pathname: ["protocol", "hostname", "port"],
  search: ["protocol", "hostname", "port", "pathname"],
  hash: ["protocol", "hostname", "port", "pathname", "search"],
};
const COMPONENTS = Object.keys(EARLIER);
const text = JSON.stringify;

function thrownBy(run) {
  try {
    run();
  } catch (error) {
    return error;
  }
}

// What a component of the pattern has to be where the case does not say it.
function expectedPattern({ pattern, exactly_empty_components: empty = [] }, name) {
  const [first, second] = pattern;
  const base = first?.baseURL ?? (typeof second === "string" ? second : undefined);
  if (empty.includes(name)) {
    return "";
  }
  if (typeof first === "object" && first[name]) {
    return first[name];
  }
  if (typeof first === "object" && EARLIER[name].some((earlier) => earlier in first)) {
    return "*";
  }
  if (base === undefined || name === "username" || name === "password") {
    return "*";
  }
  const value = new URL(base)[name];
  return name === "protocol" ? value.slice(0, -1) : name === "search" || name === "hash" ? value.slice(1) : value;
}

function differingPattern(made, entry) {
  for (const name of COMPONENTS) {
    const expected = entry.expected_obj?.[name] ?? expectedPattern(entry, name);
    if (made[name] !== expected) {
      return `${name} is ${text(made[name])}, not ${text(expected)}`;
    }
  }
}

function differingMatch(match, { expected_match: expected, inputs, exactly_empty_components: empty = [] }) {
  if (text(match?.inputs) !== text(expected.inputs ?? inputs)) {
    return `inputs are ${text(match?.inputs)}`;
  }
  for (const name of COMPONENTS) {
    const { input, groups } = expected[name] ?? { input: "", groups: empty.includes(name) ? {} : { 0: "" } };
    const found = match[name];
    const same = found.input === input && text(Object.keys(found.groups).sort()) === text(Object.keys(groups).sort());
    if (!same || !Object.keys(groups).every((group) => found.groups[group] === (groups[group] ?? undefined))) {
      return `${name} is ${text(found)}, not ${text({ input, groups })}`;
    }
  }
}

function wrongIn(entry) {
  const { pattern, inputs = [], expected_match: expected } = entry;
  if (entry.expected_obj === "error") {
    return thrownBy(() => new URLPattern(...pattern)) instanceof TypeError ? undefined : "no TypeError";
  }
  const made = new URLPattern(...pattern);
  const differing = differingPattern(made, entry);
  if (differing !== undefined) {
    return differing;
  }
  if (expected === "error") {
    const both = [thrownBy(() => made.test(...inputs)), thrownBy(() => made.exec(...inputs))];
    return both.every((error) => error instanceof TypeError) ? undefined : "no TypeError for the input";
  }
  if (made.test(...inputs) !== Boolean(expected)) {
    return `test gives ${!expected}`;
  }
  const match = made.exec(...inputs);
  return expected ? differingMatch(match, entry) : match === null ? undefined : "exec gives a match";
}

const entries = DATA.filter((entry) => typeof entry === "object");
for (const entry of entries) {
  let wrong;
  try {
    wrong = wrongIn(entry);
  } catch (error) {
    wrong = `throws ${error}`;
  }
  if (wrong !== undefined) {
    console.log(text([`${text(entry.pattern)} ${text(entry.inputs ?? [])}`, wrong]));
  }
}
console.log(text(entries.length));
