// SPDX-License-Identifier: AGPL-3.0-only
//
// The data of the Web Platform Tests for URL, which is put in front as DATA. Prints a line of JSON for each case that
// fails: its name and what is wrong; and at the end how many cases there were.

let count = 0;

function checkCase(name, run) {
  count++;
  let wrong;
  try {
    wrong = run();
  } catch (error) {
    wrong = `throws ${error}`;
  }
  if (wrong !== undefined) {
    console.log(JSON.stringify([name, wrong]));
  }
}

// The first member that is not as expected.
function differing(url, expected) {
  for (const [member, value] of Object.entries(expected)) {
    const found = member === "searchParams" ? String(url.searchParams) : url[member];
    if (value !== found) {
      return `${member} is ${JSON.stringify(found)}, not ${JSON.stringify(value)}`;
    }
  }
}

const PARTS = "href origin protocol username password host hostname port pathname search searchParams hash".split(" ");

for (const { input, base, failure, ...expected } of DATA.urltestdata.filter((entry) => typeof entry === "object")) {
  const words = base === null || base === undefined ? [input] : [input, base];
  const name = `parse ${JSON.stringify(words)}`;
  checkCase(name, () => {
    if (URL.canParse(...words) === Boolean(failure)) {
      return `canParse gives ${!failure}`;
    }
    if (failure) {
      try {
        return `no failure, but ${new URL(...words)}`;
      } catch (error) {
        return error instanceof TypeError && URL.parse(...words) === null ? undefined : `${error}`;
      }
    }
    const parts = Object.fromEntries(PARTS.filter((part) => part in expected).map((part) => [part, expected[part]]));
    return differing(new URL(...words), parts) ?? differing(URL.parse(...words), parts);
  });
}

for (const [member, cases] of Object.entries(DATA.setters_tests)) {
  if (member === "comment") {
    continue;
  }
  for (const { href, new_value: value, expected } of cases) {
    checkCase(`set ${member} of ${JSON.stringify(href)} to ${JSON.stringify(value)}`, () => {
      const url = new URL(href);
      const { searchParams } = url;
      url[member] = value;
      return differing(url, expected) ?? (String(searchParams) === String(new URL(url).searchParams) ? undefined : "searchParams lag behind");
    });
  }
}

for (const { input, output } of DATA.toascii.filter((entry) => typeof entry === "object")) {
  checkCase(`host ${JSON.stringify(input)}`, () => {
    for (const setter of ["host", "hostname"]) {
      const url = new URL("https://x/x");
      url[setter] = input;
      const host = output === null ? "x" : output;
      if (url[setter] !== host) {
        return `set as ${setter} it becomes ${url[setter]}`;
      }
    }
    if (output === null) {
      return URL.canParse(`https://${input}/x`) ? "it can be parsed" : undefined;
    }
    return differing(new URL(`https://${input}/x`), { host: output, hostname: output, pathname: "/x", href: `https://${output}/x` });
  });
}

// Only UTF-8 can be asked for: other encodings are those of a document's.
for (const { input, output } of DATA["percent-encoding"].filter((entry) => typeof entry === "object")) {
  checkCase(`percent-encode ${JSON.stringify(input)}`, () => {
    const expected = { search: `?${output["utf-8"]}`, hash: `#${output["utf-8"]}` };
    return output["utf-8"] === undefined ? undefined : differing(new URL(`https://x/?${input}#${input}`), expected);
  });
}

console.log(JSON.stringify(count));
