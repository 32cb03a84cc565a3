// SPDX-License-Identifier: Apache-2.0

// What the form asks for, and what is wrong with an answer. Nothing is left to the browser: its own checks are a
// kindness, and whoever sends a form need not be one.

import { FIRST_YEAR, readDay } from "./dates";

export const NAME_LENGTH_MAX = 40;

export interface Answers {
    name: string;
    date: string;
}

export interface Wrong {
    name?: string;
    date?: string;
}

/** Whatever came, as texts without blanks around them. */
export function readAnswers(form: Record<string, unknown>): Answers {
    const text = (value: unknown) => (typeof value === "string" ? value.trim() : "");
    return { name: text(form["name"]), date: text(form["date"]) };
}

/** Nothing in it: all is well. */
export function findWrong({ name, date }: Answers, today: Date): Wrong {
    const wrong: Wrong = {};
    const day = readDay(date);
    if (name === "") {
        wrong.name = "Tell us a name; any will do.";
    } else if ([...name].length > NAME_LENGTH_MAX) {
        wrong.name = `That is a long name: ${NAME_LENGTH_MAX} characters are the most we can print.`;
    }
    if (date === "") {
        wrong.date = "Which day?";
    } else if (!day) {
        wrong.date = `A day looks like 1969-07-20, and begins in ${FIRST_YEAR} here.`;
    } else if (day.getTime() > today.getTime()) {
        wrong.date = "That day is still to come.";
    }
    return wrong;
}
