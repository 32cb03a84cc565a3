// SPDX-License-Identifier: AGPL-3.0-only

const numbers = [
  0, -0, 1, -1, 12, 999, 1000, 1234.5, -1234.5678, 1234567.891, 0.1, 0.0005, 0.00049, 1.0005, 1.005, 2.5, 0.5, 99.995,
  999999.9999,
];
numbers.push(
  1e15 + 0.3,
  1e21,
  2 ** 70,
  1e300,
  5e-324,
  123456789012345680000,
  NaN,
  Infinity,
  -Infinity,
  -0.0001,
  4.35,
  8.345,
);
for (const number of numbers) {
  await check(`number ${Object.is(number, -0) ? "-0" : number}`, () => number.toLocaleString());
}
for (const number of [0n, -5n, 123456789n, -(10n ** 30n)]) {
  await check(`bigint ${number}`, () => number.toLocaleString("en-US"));
}
const numberOptions = [
  { minimumFractionDigits: 2 },
  { maximumFractionDigits: 0 },
  { maximumFractionDigits: 2, minimumFractionDigits: 1 },
  { minimumFractionDigits: 5 },
  { maximumFractionDigits: 20 },
  { style: "percent" },
  { style: "percent", maximumFractionDigits: 2 },
  { style: "currency", currency: "USD" },
  { style: "currency", currency: "eur" },
  { style: "currency", currency: "JPY" },
  { style: "currency", currency: "CHF" },
  { style: "currency", currency: "KWD" },
  { style: "currency", currency: "USD", minimumFractionDigits: 0 },
  { style: "currency", currency: "USD", maximumFractionDigits: 0 },
  { style: "currency", currency: "USD", minimumFractionDigits: 3 },
  { useGrouping: false },
  { minimumIntegerDigits: 5 },
];
for (const options of numberOptions) {
  await check(`numbers with ${JSON.stringify(options)}`, () =>
    numbers.map((number) => number.toLocaleString("en-US", options)),
  );
}
const wrongNumberOptions = [
  { minimumFractionDigits: 5, maximumFractionDigits: 2 },
  { minimumFractionDigits: -1 },
  { maximumFractionDigits: 101 },
  { style: "currency" },
  { style: "other" },
  { style: "currency", currency: "dollar" },
];
for (const options of wrongNumberOptions) {
  await check(`wrong: ${JSON.stringify(options)}`, () => (1).toLocaleString("en-US", options));
}
await check("what is no number", () => [
  thrownBy(() => Number.prototype.toLocaleString.call("1")),
  thrownBy(() => BigInt.prototype.toLocaleString.call(1)),
]);

const dates = [
  0,
  Date.UTC(2026, 0, 2, 15, 4, 5),
  Date.UTC(2026, 11, 31, 0, 0, 0),
  Date.UTC(1999, 4, 9, 12, 30),
  Date.UTC(2024, 1, 29, 23, 59, 59),
  -1e14,
];
const both = (options) => dates.map((time) => new Date(time).toLocaleString("en-US", { timeZone: "UTC", ...options }));
await check("dates", () => both({}));
await check("days", () => dates.map((time) => new Date(time).toLocaleDateString("en-US", { timeZone: "UTC" })));
await check("times", () => dates.map((time) => new Date(time).toLocaleTimeString("en-US", { timeZone: "UTC" })));
await check("no date", () => [
  new Date(NaN).toLocaleString(),
  new Date(NaN).toLocaleDateString(),
  new Date(NaN).toLocaleTimeString(),
]);
const choices = {
  weekday: [undefined, "long", "short"],
  year: [undefined, "numeric", "2-digit"],
  month: [undefined, "numeric", "2-digit", "long", "short"],
  day: [undefined, "numeric", "2-digit"],
};
// All fields of dates but those that English has no order for.
for (const weekday of choices.weekday) {
  for (const year of choices.year) {
    for (const month of choices.month) {
      for (const day of choices.day) {
        const options = JSON.parse(JSON.stringify({ weekday, year, month, day }));
        const odd =
          (month === undefined && year !== undefined && day !== undefined) ||
          (weekday !== undefined && day === undefined);
        if (!odd && Object.keys(options).length > 0) {
          await check(`date ${JSON.stringify(options)}`, () => both(options));
        }
      }
    }
  }
}
const timeOptions = [
  { hour: "numeric" },
  { hour: "2-digit" },
  { hour: "numeric", minute: "2-digit" },
  { hour: "2-digit", minute: "numeric", second: "numeric" },
  { minute: "2-digit" },
  { second: "numeric" },
  { minute: "numeric", second: "numeric" },
  { hour: "numeric", hour12: false },
  { hour: "numeric", minute: "numeric", hour12: false },
  { hour: "numeric", minute: "numeric", second: "numeric", hourCycle: "h23" },
  { hour12: false },
  { hour12: true },
  { timeZoneName: "short" },
  { hour: "numeric", minute: "numeric", timeZoneName: "long" },
  { year: "numeric", month: "short", timeZoneName: "short" },
  { year: "numeric", month: "long", day: "numeric", hour: "numeric", minute: "2-digit" },
  { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" },
  { month: "numeric", day: "numeric", hour: "numeric" },
  { weekday: "short", hour: "numeric", minute: "numeric" },
  {
    weekday: "long",
    year: "numeric",
    month: "long",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  },
];
for (const options of timeOptions) {
  await check(`time ${JSON.stringify(options)}`, () => both(options));
}
for (const dateStyle of [undefined, "full", "long", "medium", "short"]) {
  for (const timeStyle of [undefined, "full", "long", "medium", "short"]) {
    await check(`styles ${dateStyle} ${timeStyle}`, () => both({ dateStyle, timeStyle }));
  }
}
await check("fields of the other part", () => [
  new Date(0).toLocaleDateString("en-US", { timeZone: "UTC", hour: "numeric" }),
  new Date(0).toLocaleTimeString("en-US", { timeZone: "UTC", year: "numeric" }),
  thrownBy(() => new Date(0).toLocaleDateString("en-US", { timeStyle: "short" })),
  thrownBy(() => new Date(0).toLocaleString("en-US", { dateStyle: "short", year: "numeric" })),
  thrownBy(() => new Date(0).toLocaleString("en-US", { month: "other" })),
  thrownBy(() => new Date(0).toLocaleString("en-US", { timeZone: "Nowhere/Land" })),
  thrownBy(() => Date.prototype.toLocaleString.call({})),
]);
await check("an array", () => [1234.5, 7n, "x", null].toLocaleString());

for (const kind of [
  Intl.NumberFormat,
  Intl.DateTimeFormat,
  Intl.PluralRules,
  Intl.ListFormat,
  Intl.RelativeTimeFormat,
]) {
  await checkShape(kind);
}
await check("Intl", () => [Object.prototype.toString.call(Intl), Object.keys(Intl)]);
await check("with and without new", () => [
  Intl.NumberFormat("en-US") instanceof Intl.NumberFormat,
  Intl.DateTimeFormat() instanceof Intl.DateTimeFormat,
  thrownBy(() => Intl.PluralRules()),
  thrownBy(() => Intl.ListFormat()),
]);
await check("canonical locales", () => [
  Intl.getCanonicalLocales("EN-us"),
  Intl.getCanonicalLocales(["de", "zh-hANS-cn", "de", "en-u-nu-latn"]),
  Intl.getCanonicalLocales(),
  thrownBy(() => Intl.getCanonicalLocales("x_1")),
  thrownBy(() => Intl.getCanonicalLocales(null)),
  thrownBy(() => Intl.getCanonicalLocales([5])),
  thrownBy(() => Intl.getCanonicalLocales("")),
  thrownBy(() => new Intl.NumberFormat("en_US")),
  thrownBy(() => (1).toLocaleString("en_US")),
  thrownBy(() => new Date(0).toLocaleString("en_US")),
]);
await check("supported locales", () => Intl.NumberFormat.supportedLocalesOf(["en-US", "en"]));

const inOrder = (object) => Object.fromEntries(Object.entries(object).sort());
// In parts, Node has a narrow space where its text has a plain one.
const plain = (parts) => parts.map(({ type, value }) => ({ type, value: value.replace("\u202f", " ") }));

for (const options of [{}, ...numberOptions]) {
  const format = new Intl.NumberFormat("en-US", options);
  await check(`NumberFormat ${JSON.stringify(options)}`, () => numbers.map(format.format));
  await check(`parts ${JSON.stringify(options)}`, () =>
    [0, -1234567.891, NaN, -Infinity].map((number) => format.formatToParts(number)),
  );
  await check(`resolved ${JSON.stringify(options)}`, () => inOrder(format.resolvedOptions()));
}
await check("numbers in strings", () =>
  ["12.5", "0x10", "", "abc", null, true, undefined, 7n].map(new Intl.NumberFormat("en-US").format),
);
await check("format is bound", () => {
  const numberFormat = new Intl.NumberFormat("en-US");
  const { format } = numberFormat;
  return [format === numberFormat.format, format.name, format.length, format(1234.5)];
});

for (const options of [
  {},
  { dateStyle: "full", timeStyle: "long" },
  { weekday: "short", month: "long", day: "numeric", hour: "numeric" },
  ...timeOptions,
]) {
  const format = new Intl.DateTimeFormat("en-US", { timeZone: "UTC", ...options });
  await check(`DateTimeFormat ${JSON.stringify(options)}`, () => dates.map(format.format));
  await check(`date parts ${JSON.stringify(options)}`, () => dates.map((time) => plain(format.formatToParts(time))));
}
for (const options of [{}, { dateStyle: "full", timeStyle: "short" }, { year: "numeric", month: "long" }]) {
  await check(`resolved date ${JSON.stringify(options)}`, () =>
    new Intl.DateTimeFormat("en-US", { timeZone: "UTC", ...options }).resolvedOptions(),
  );
}
await check("the zone", () => Intl.DateTimeFormat().resolvedOptions().timeZone);
await check("no time", () => [
  thrownBy(() => new Intl.DateTimeFormat("en-US").format(NaN)),
  thrownBy(() => new Intl.DateTimeFormat("en-US").formatToParts("x")),
]);

const cardinal = new Intl.PluralRules("en-US");
const ordinal = new Intl.PluralRules("en-US", { type: "ordinal" });
await check("plurals", () => [0, 1, 2, 1.5, -1, 5, NaN, Infinity].map((number) => cardinal.select(number)));
await check("ordinals", () => Array.from({ length: 125 }, (_, number) => ordinal.select(number)));
await check("wrong type", () => new Intl.PluralRules("en-US", { type: "other" }));

const lists = [[], ["a"], ["a", "b"], ["a", "b", "c"], ["a", "b", "c", "d"]];
for (const type of ["conjunction", "disjunction", "unit"]) {
  for (const style of ["long", "short", "narrow"]) {
    const format = new Intl.ListFormat("en-US", { type, style });
    await check(`list ${type} ${style}`, () => lists.map((list) => format.format(list)));
    await check(`list parts ${type} ${style}`, () => lists.map((list) => format.formatToParts(list)));
  }
}
await check("lists", () => [
  new Intl.ListFormat("en-US").format(new Set(["x", "y"])),
  thrownBy(() => new Intl.ListFormat("en-US").format([1])),
  new Intl.ListFormat("en-US").resolvedOptions(),
]);

const units = ["second", "minute", "hour", "day", "week", "month", "quarter", "year", "days"];
for (const style of ["long", "short", "narrow"]) {
  for (const numeric of ["always", "auto"]) {
    const format = new Intl.RelativeTimeFormat("en-US", { style, numeric });
    for (const unit of units) {
      await check(`relative ${style} ${numeric} ${unit}`, () =>
        [-2000, -2, -1, -0, 0, 1, 2, 1.5, 1000].map((value) => format.format(value, unit)),
      );
    }
  }
}
await check("relative", () => [
  thrownBy(() => new Intl.RelativeTimeFormat("en-US").format(1, "decade")),
  thrownBy(() => new Intl.RelativeTimeFormat("en-US").format(NaN, "day")),
  new Intl.RelativeTimeFormat("en-US").resolvedOptions(),
]);
