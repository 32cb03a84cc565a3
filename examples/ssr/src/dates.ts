// SPDX-License-Identifier: Apache-2.0

// Days and months as they stand in addresses and forms, 2026-11-29 and 2026-11. All are of UTC: a server does not know
// where its reader is.

export const FIRST_YEAR = 1900;
export const LAST_YEAR = 2100;
export const DAY_MS = 86_400_000;

const MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

export interface Month {
    year: number;
    month: number; // from 1
}

function two(number: number): string {
    return String(number).padStart(2, "0");
}

function yearIsKnown(year: number): boolean {
    return year >= FIRST_YEAR && year <= LAST_YEAR;
}

/** The noon of a day; undefined where the text is none, like 2026-02-30. */
export function readDay(text: string): Date | undefined {
    const found = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
    if (!found) {
        return undefined;
    }
    const [year, month, day] = found.slice(1).map(Number) as [number, number, number];
    const date = new Date(Date.UTC(year, month - 1, day, 12));
    return yearIsKnown(year) && writeDay(date) === text ? date : undefined;
}

export function writeDay(date: Date): string {
    return date.toISOString().slice(0, 10);
}

export function noonOf(date: Date): Date {
    return new Date(Math.floor(date.getTime() / DAY_MS) * DAY_MS + DAY_MS / 2);
}

export function addDays(date: Date, days: number): Date {
    return new Date(date.getTime() + days * DAY_MS);
}

export function readMonth(text: string): Month | undefined {
    const found = /^(\d{4})-(\d{2})$/.exec(text);
    const [year, month] = (found ?? []).slice(1).map(Number);
    return year !== undefined && month !== undefined && yearIsKnown(year) && month >= 1 && month <= 12
        ? { year, month }
        : undefined;
}

export function writeMonth({ year, month }: Month): string {
    return `${year}-${two(month)}`;
}

export function monthOf(date: Date): Month {
    return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1 };
}

export function addMonths({ year, month }: Month, months: number): Month {
    return monthOf(new Date(Date.UTC(year, month - 1 + months, 1)));
}

export function daysOf({ year, month }: Month): Date[] {
    const count = new Date(Date.UTC(year, month, 0)).getUTCDate();
    return Array.from({ length: count }, (_, index) => new Date(Date.UTC(year, month - 1, index + 1, 12)));
}

/** "Sunday, 29 November 2026" */
export function sayDay(date: Date): string {
    return `${WEEKDAYS[date.getUTCDay()]}, ${date.getUTCDate()} ${sayMonth(monthOf(date))}`;
}

/** "29 Nov" */
export function sayDayShort(date: Date): string {
    return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]!.slice(0, 3)}`;
}

/** "November 2026" */
export function sayMonth({ year, month }: Month): string {
    return `${MONTHS[month - 1]} ${year}`;
}

/** "04:40 UTC" */
export function sayTime(date: Date): string {
    return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())} UTC`;
}
