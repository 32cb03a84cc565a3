// SPDX-License-Identifier: Apache-2.0

import type { FC } from "hono/jsx";
import { NAME_LENGTH_MAX, type Answers, type Wrong } from "./birthday";
import { FIRST_YEAR, sayDay, writeDay } from "./dates";
import { Disc } from "./disc";
import { moonOf } from "./moon";

const Problem: FC<{ id: string; text?: string }> = ({ id, text }) =>
    text === undefined ? (
        <></>
    ) : (
        <p class="problem" id={id}>
            {text}
        </p>
    );

/** The form: empty, or with what was sent and what is wrong with it. */
export const BirthdayForm: FC<{ answers?: Answers; wrong?: Wrong; today: Date }> = ({ answers, wrong = {}, today }) => {
    const failed = wrong.name !== undefined || wrong.date !== undefined;
    return (
        <section class="narrow">
            <h1>Which moon were you born under?</h1>
            {failed && (
                <p class="problem summary" role="alert">
                    That does not work yet. See below.
                </p>
            )}
            <form action="/birthday" method="post" novalidate={failed}>
                <div class="field">
                    <label for="name">Your name</label>
                    <input
                        id="name"
                        name="name"
                        autocomplete="given-name"
                        maxlength={NAME_LENGTH_MAX}
                        value={answers?.name}
                        required
                        aria-invalid={wrong.name ? "true" : undefined}
                        aria-describedby={wrong.name ? "wrong-name" : undefined}
                    />
                    <Problem id="wrong-name" text={wrong.name} />
                </div>
                <div class="field">
                    <label for="born">Your birthday</label>
                    <input
                        id="born"
                        name="date"
                        type="date"
                        autocomplete="bday"
                        min={`${FIRST_YEAR}-01-01`}
                        max={writeDay(today)}
                        value={answers?.date}
                        required
                        aria-invalid={wrong.date ? "true" : undefined}
                        aria-describedby={wrong.date ? "wrong-date" : undefined}
                    />
                    <Problem id="wrong-date" text={wrong.date} />
                </div>
                <button>Show me</button>
            </form>
        </section>
    );
};

export const BirthdayMoon: FC<{ name: string; day: Date }> = ({ name, day }) => {
    const moon = moonOf(day);
    return (
        <article class="hero">
            <Disc angle={moon.angle} label={`The moon: ${moon.name}`} seas />
            <div>
                <p class="when">
                    <time datetime={writeDay(day)}>{sayDay(day)}</time>
                </p>
                <h1>
                    {name}, yours is a {moon.name.toLowerCase()}.
                </h1>
                <p>{Math.round(moon.lit * 100)} % of it were lit.</p>
                <p>
                    <a href="/birthday">Somebody else?</a>
                </p>
            </div>
        </article>
    );
};
