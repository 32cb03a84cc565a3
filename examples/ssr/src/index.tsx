// SPDX-License-Identifier: Apache-2.0

import { Hono, type Context } from "hono";
import { NONCE, secureHeaders, type SecureHeadersVariables } from "hono/secure-headers";
import { readAlmanac } from "./almanac";
import { BirthdayForm, BirthdayMoon } from "./birth";
import { findWrong, readAnswers } from "./birthday";
import { Calendar } from "./calendar";
import { monthOf, noonOf, readDay, readMonth, sayDay, sayMonth, writeDay, writeMonth } from "./dates";
import { Message, page } from "./page";
import { Coming, Tonight } from "./tonight";

const app = new Hono<{ Variables: SecureHeadersVariables }>();

// The only scripts are those that put what was waited for into its place, and they carry a number used once.
app.use(
    secureHeaders({
        contentSecurityPolicy: {
            defaultSrc: ["'none'"],
            styleSrc: ["'self'"],
            imgSrc: ["'self'"],
            scriptSrc: [NONCE],
            formAction: ["'self'"],
            baseUri: ["'none'"],
            frameAncestors: ["'none'"],
        },
    }),
);
app.use(page);

function today(): Date {
    return noonOf(new Date());
}

function renderDay(context: Context, day: Date): Response | Promise<Response> {
    const isToday = writeDay(day) === writeDay(today());
    return context.render(<Tonight day={day} today={isToday} />, { title: isToday ? "Tonight" : sayDay(day) });
}

app.get("/", (context) => renderDay(context, today()));

// Where the form for another night leads, which has its date in a query.
app.get("/moon", (context) => context.redirect(`/moon/${encodeURIComponent(context.req.query("date") ?? "")}`, 303));

app.get("/moon/:date", (context) => {
    const day = readDay(context.req.param("date"));
    return day ? renderDay(context, day) : context.notFound();
});

app.get("/almanac/:date", async (context) => {
    const day = readDay(context.req.param("date"));
    if (!day) {
        return context.notFound();
    }
    const almanac = await readAlmanac(day);
    return context.render(
        <section>
            <h1>After {sayDay(day)}</h1>
            <Coming almanac={almanac} />
        </section>,
        { title: "Almanac" },
    );
});

app.get("/calendar", (context) => context.redirect(`/calendar/${writeMonth(monthOf(today()))}`, 303));

app.get("/calendar/:month", (context) => {
    const month = readMonth(context.req.param("month"));
    return month
        ? context.render(<Calendar month={month} today={today()} />, { title: sayMonth(month) })
        : context.notFound();
});

app.get("/birthday", (context) => context.render(<BirthdayForm today={today()} />, { title: "Birthday" }));

app.post("/birthday", async (context) => {
    const answers = readAnswers(await context.req.parseBody());
    const wrong = findWrong(answers, today());
    if (wrong.name === undefined && wrong.date === undefined) {
        // So that going back and loading again send nothing a second time.
        return context.redirect(`/birthday/${answers.date}?name=${encodeURIComponent(answers.name)}`, 303);
    }
    context.status(422);
    return context.render(<BirthdayForm answers={answers} wrong={wrong} today={today()} />, { title: "Birthday" });
});

app.get("/birthday/:date", (context) => {
    const answers = { name: context.req.query("name") ?? "", date: context.req.param("date") };
    const day = readDay(answers.date);
    const wrong = findWrong(answers, today());
    return day && wrong.name === undefined && wrong.date === undefined
        ? context.render(<BirthdayMoon name={answers.name} day={day} />, { title: "Birthday" })
        : context.redirect("/birthday", 303);
});

// For whoever wants to see what an error looks like.
app.get("/broken", () => {
    throw new Error("somebody asked for it");
});

app.notFound((context) => {
    context.status(404);
    return context.render(
        <Message heading="No such page">
            <p>
                There is nothing at <code>{context.req.path}</code>. Nights look like <a href="/moon/1969-07-20">1969-07-20</a>,
                months like <a href="/calendar/1969-07">1969-07</a>.
            </p>
        </Message>,
        { title: "Not found" },
    );
});

app.onError((error, context) => {
    console.error(error);
    context.status(500);
    return context.render(
        <Message heading="Something broke">
            <p>It is our fault, and written down as {context.req.header("x-request-id")}.</p>
        </Message>,
        { title: "Error" },
    );
});

export default app;
