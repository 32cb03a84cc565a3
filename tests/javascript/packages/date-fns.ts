// SPDX-License-Identifier: AGPL-3.0-only

import {
    add, addBusinessDays, differenceInCalendarDays, eachDayOfInterval, endOfMonth, format, formatDistance, formatISO, formatRelative,
    getISOWeek, intervalToDuration, isValid, isWeekend, parse, parseISO, startOfWeek, sub,
} from "date-fns";
import { de, ja } from "date-fns/locale";

export default {
    fetch(request) {
        const { searchParams } = new URL(request.url);
        const date = parseISO(searchParams.get("date")!);
        return Response.json({
            format: format(date, "EEEE, do MMMM yyyy, HH:mm:ss.SSS xxx"),
            german: format(date, "EEEE, d. MMMM yyyy", { locale: de }),
            japanese: format(date, "PPPP", { locale: ja }),
            iso: formatISO(date),
            parsed: parse("29.02.2024 23:59", "dd.MM.yyyy HH:mm", date).getTime(),
            invalid: isValid(parse("31.02.2024", "dd.MM.yyyy", date)),
            later: add(date, { months: 1, days: 1, hours: 25 }).toISOString(),
            earlier: sub(date, { years: 1 }).toISOString(),
            business: addBusinessDays(date, 10).toISOString(),
            days: differenceInCalendarDays(date, new Date(0)),
            distance: formatDistance(date, add(date, { hours: 50 }), { addSuffix: true }),
            relative: formatRelative(sub(date, { days: 2 }), date),
            duration: intervalToDuration({ start: new Date(0), end: date }),
            week: [getISOWeek(date), isWeekend(date), startOfWeek(date, { weekStartsOn: 1 }).toISOString(), endOfMonth(date).toISOString()],
            each: eachDayOfInterval({ start: date, end: add(date, { days: 3 }) }).length,
        });
    },
} satisfies ExportedHandler;
