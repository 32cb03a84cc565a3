// SPDX-License-Identifier: Apache-2.0

import type { FC } from "hono/jsx";
import { addMonths, daysOf, sayDay, sayMonth, writeDay, writeMonth, type Month } from "./dates";
import { Disc } from "./disc";
import { moonsOf, type Moon } from "./moon";

const WEEK = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];

const Day: FC<{ day: Date; moon: Moon; today: boolean }> = ({ day, moon, today }) => (
    <a href={`/moon/${writeDay(day)}`} aria-label={`${sayDay(day)}: ${moon.name}`} aria-current={today ? "date" : undefined}>
        <span>{day.getUTCDate()}</span>
        <Disc angle={moon.angle} />
    </a>
);

export const Calendar: FC<{ month: Month; today: Date }> = ({ month, today }) => {
    const days = daysOf(month);
    const moons = moonsOf(days);
    const blanks = (days[0]!.getUTCDay() + 6) % 7;
    return (
        <article class="calendar">
            <header>
                <a href={`/calendar/${writeMonth(addMonths(month, -1))}`} rel="prev" aria-label="The month before">
                    ←
                </a>
                <h1>{sayMonth(month)}</h1>
                <a href={`/calendar/${writeMonth(addMonths(month, 1))}`} rel="next" aria-label="The next month">
                    →
                </a>
            </header>
            <div class="grid">
                {WEEK.map((name) => (
                    <span class="weekday">{name}</span>
                ))}
                {Array.from({ length: blanks }, () => (
                    <span />
                ))}
                {days.map((day, index) => (
                    <Day day={day} moon={moons[index]!} today={writeDay(day) === writeDay(today)} />
                ))}
            </div>
        </article>
    );
};
