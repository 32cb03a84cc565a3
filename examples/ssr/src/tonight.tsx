// SPDX-License-Identifier: Apache-2.0

import { Suspense } from "hono/jsx/streaming";
import type { FC } from "hono/jsx";
import { readAlmanac, type Almanac } from "./almanac";
import { addDays, FIRST_YEAR, LAST_YEAR, sayDay, sayDayShort, sayTime, writeDay } from "./dates";
import { Disc } from "./disc";
import { moonOf, type Phase } from "./moon";

const PhaseCard: FC<{ phase: Phase }> = ({ phase }) => (
    <li>
        <a href={`/moon/${writeDay(phase.time)}`}>
            <Disc angle={phase.angle} />
            <strong>{phase.name}</strong>
            <span>{sayDayShort(phase.time)}</span>
            <span class="time">{sayTime(phase.time)}</span>
        </a>
    </li>
);

export const Coming: FC<{ almanac: Almanac }> = ({ almanac }) => (
    <>
        <ol class="cards">
            {almanac.next.map((phase) => (
                <PhaseCard phase={phase} />
            ))}
        </ol>
        <h2>Full moons</h2>
        <ol class="cards">
            {almanac.full.map((phase) => (
                <PhaseCard phase={phase} />
            ))}
        </ol>
    </>
);

const ComingLater: FC<{ day: Date }> = async ({ day }) => <Coming almanac={await readAlmanac(day)} />;

const Waiting: FC<{ day: Date }> = ({ day }) => (
    <div class="waiting">
        <p>Asking the almanac…</p>
        <noscript>
            <p>
                Without scripts a page cannot be filled in later: <a href={`/almanac/${writeDay(day)}`}>see it by itself</a>.
            </p>
        </noscript>
    </div>
);

export const Tonight: FC<{ day: Date; today: boolean }> = ({ day, today }) => {
    const moon = moonOf(day);
    const date = writeDay(day);
    return (
        <>
            <article class="hero">
                <Disc angle={moon.angle} label={`The moon: ${moon.name}`} seas />
                <div>
                    <p class="when">
                        {today && "Tonight, "}
                        <time datetime={date}>{sayDay(day)}</time>
                    </p>
                    <h1>{moon.name}</h1>
                    <dl>
                        <div>
                            <dt>Lit</dt>
                            <dd>{Math.round(moon.lit * 100)} %</dd>
                        </div>
                        <div>
                            <dt>Age</dt>
                            <dd>{moon.age.toFixed(1)} days</dd>
                        </div>
                        <div>
                            <dt>Ahead of the sun</dt>
                            <dd>{Math.round(moon.angle)}°</dd>
                        </div>
                    </dl>
                    <form class="go" action="/moon" method="get">
                        <label for="date">Another night</label>
                        <input
                            id="date"
                            name="date"
                            type="date"
                            value={date}
                            min={`${FIRST_YEAR}-01-01`}
                            max={`${LAST_YEAR}-12-31`}
                            required
                        />
                        <button>Go</button>
                    </form>
                    <nav class="days" aria-label="Days">
                        <a href={`/moon/${writeDay(addDays(day, -1))}`}>← The night before</a>
                        <a href={`/moon/${writeDay(addDays(day, 1))}`}>The next night →</a>
                    </nav>
                </div>
            </article>
            <section id="coming">
                <h2>Coming up</h2>
                <Suspense fallback={<Waiting day={day} />}>
                    <ComingLater day={day} />
                </Suspense>
            </section>
        </>
    );
};
