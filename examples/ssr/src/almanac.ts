// SPDX-License-Identifier: Apache-2.0

import { phasesFrom, type Phase } from "./moon";

// What northern peoples of America called the full moons, by month.
const NAMES = [
    "Wolf Moon",
    "Snow Moon",
    "Worm Moon",
    "Pink Moon",
    "Flower Moon",
    "Strawberry Moon",
    "Buck Moon",
    "Sturgeon Moon",
    "Corn Moon",
    "Hunter’s Moon",
    "Beaver Moon",
    "Cold Moon",
];

const ANSWER_MS = 300;

export interface Almanac {
    next: Phase[];
    full: Phase[]; // with names of their own
}

/** Stands for what a page has to wait for: a database, or somebody else's API. */
export async function readAlmanac(from: Date): Promise<Almanac> {
    await new Promise((resolve) => setTimeout(resolve, ANSWER_MS, undefined));
    const phases = phasesFrom(from, 16);
    const full = phases.filter((phase) => phase.angle === 180);
    return {
        next: phases.slice(0, 4),
        full: full.map((phase) => ({ ...phase, name: NAMES[phase.time.getUTCMonth()]! })),
    };
}
