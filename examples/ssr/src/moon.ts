// SPDX-License-Identifier: Apache-2.0

// Where the moon stands, by the first terms of the series in Jean Meeus, "Astronomical Algorithms" (chapters 25 and 47):
// right to a tenth of a degree or so, which is a quarter of an hour in the times of phases.

import { DAY_MS, noonOf } from "./dates";

export interface Moon {
    angle: number; // how far it is ahead of the sun, in degrees from 0 to 360: 0 is new, 180 full
    lit: number; // the part of its disc that is lit, from 0 to 1
    age: number; // days since it was new, about
    name: string;
}

export interface Phase {
    name: string;
    angle: number;
    time: Date;
}

export const MONTH_DAYS = 29.530588853; // from new moon to new moon, on average

const QUARTERS = ["New moon", "First quarter", "Full moon", "Last quarter"];
const BETWEEN = ["Waxing crescent", "Waxing gibbous", "Waning gibbous", "Waning crescent"];

// Degrees, and how often D, M, M' and F go into the sine.
const TERMS: [number, number, number, number, number][] = [
    [6.288774, 0, 0, 1, 0],
    [1.274027, 2, 0, -1, 0],
    [0.658314, 2, 0, 0, 0],
    [0.213618, 0, 0, 2, 0],
    [-0.185116, 0, 1, 0, 0],
    [-0.114332, 0, 0, 0, 2],
    [0.058793, 2, 0, -2, 0],
    [0.057066, 2, -1, -1, 0],
    [0.053322, 2, 0, 1, 0],
    [0.045758, 2, -1, 0, 0],
    [-0.040923, 0, 1, -1, 0],
    [-0.03472, 1, 0, 0, 0],
    [-0.030383, 0, 1, 1, 0],
];

const J2000_MS = Date.UTC(2000, 0, 1, 12);
const CLOCK_LAG_MS = 69_000; // of UTC behind the time that planets keep, these years

const RADIANS = Math.PI / 180;

function sine(degrees: number): number {
    return Math.sin(degrees * RADIANS);
}

function turn(degrees: number): number {
    return ((degrees % 360) + 360) % 360;
}

/** How far the moon is ahead of the sun. */
function angleAt(time: number): number {
    const centuries = (time + CLOCK_LAG_MS - J2000_MS) / DAY_MS / 36525;
    const d = 297.8501921 + centuries * (445267.1114034 - centuries * 0.0018819);
    const m = 357.5291092 + centuries * 35999.0502909;
    const n = 134.9633964 + centuries * (477198.8675055 + centuries * 0.0087414);
    const f = 93.272095 + centuries * 483202.0175233;
    let moon = 0;
    for (const term of TERMS) {
        moon += term[0] * sine(term[1] * d + term[2] * m + term[3] * n + term[4] * f);
    }
    const sun = 1.914602 * sine(m) + 0.019993 * sine(2 * m);
    return turn(d + moon - sun + 0.0057);
}

/** The first time from `from` on when the moon is `angle` ahead of the sun. */
function timeOf(angle: number, from: number): number {
    let time = from + (turn(angle - angleAt(from)) / 360) * MONTH_DAYS * DAY_MS;
    for (let i = 0; i < 3; i++) {
        const off = turn(angle - angleAt(time) + 180) - 180;
        time += (off / 360) * MONTH_DAYS * DAY_MS;
    }
    return time;
}

/** The next phases, the first of them first. */
export function phasesFrom(from: Date, count: number): Phase[] {
    const begin = from.getTime();
    let quarter = Math.floor(angleAt(begin) / 90) + 1;
    let time = begin;
    return Array.from({ length: count }, () => {
        const angle = (quarter % 4) * 90;
        time = timeOf(angle, time);
        quarter++;
        return { name: QUARTERS[angle / 90]!, angle, time: new Date(time) };
    });
}

/** The moons of some days in a row: as each is at noon, but with the name of the phase that falls on that day. */
export function moonsOf(days: Date[]): Moon[] {
    let quarterBefore: number | undefined;
    return days.map((day) => {
        const noon = noonOf(day).getTime();
        const before = quarterBefore ?? Math.floor(angleAt(noon - DAY_MS / 2) / 90);
        const after = Math.floor(angleAt(noon + DAY_MS / 2) / 90);
        const angle = angleAt(noon);
        quarterBefore = after;
        return {
            angle,
            lit: (1 - Math.cos(angle * RADIANS)) / 2,
            age: (angle / 360) * MONTH_DAYS,
            name: before === after ? BETWEEN[before]! : QUARTERS[after]!,
        };
    });
}

export function moonOf(day: Date): Moon {
    return moonsOf([day])[0]!;
}
