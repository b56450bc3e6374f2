// Time as people in Paris read it, and the clock that one can move.

import { el, fill, icon, toast } from "./dom.js";
import { jump } from "./net.js";
import { now, state } from "./state.js";

const ZONE = "Europe/Paris";
const format = (options) => new Intl.DateTimeFormat("fr-FR", { timeZone: ZONE, ...options });
const HOUR = format({ hour: "2-digit", minute: "2-digit" });
const SECOND = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = format({ day: "2-digit", month: "2-digit", year: "numeric" });
const LONG_DAY = format({ day: "numeric", month: "long", year: "numeric" });
const WEEKDAY = format({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
const SHORT = format({ weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const TIGHT = format({ weekday: "short", hour: "2-digit", minute: "2-digit" });
const RELATIVE = new Intl.RelativeTimeFormat("fr-FR", { numeric: "auto" });

/** The day in Paris of an instant, as a word that compares. */
export const day = (at) => DAY.format(at);
export const longDay = (at) => WEEKDAY.format(at);
export const hour = (at) => HOUR.format(at);

/** When a message was written: the hour today, else the day too. */
export function stamp(at) {
  const today = now();
  if (day(at) === day(today)) return `aujourd’hui à ${HOUR.format(at)}`;
  if (day(at) === day(today - 86400000)) return `hier à ${HOUR.format(at)}`;
  return `${DAY.format(at)} ${HOUR.format(at)}`;
}

const STEPS = [[60, "second", 1], [3600, "minute", 60], [86400, "hour", 3600], [2592000, "day", 86400],
  [31536000, "month", 2592000], [Infinity, "year", 31536000]];

export function relative(at) {
  const seconds = (at - now()) / 1000;
  const [, unit, size] = STEPS.find(([limit]) => Math.abs(seconds) < limit);
  return RELATIVE.format(Math.round(seconds / size), unit);
}

/** `<t:…:F>` in words (Discord documentation, «Timestamp styles»). */
export function timestamp(seconds, style) {
  const at = seconds * 1000;
  switch (style) {
    case "t": return HOUR.format(at);
    case "T": return SECOND.format(at);
    case "d": return DAY.format(at);
    case "D": return LONG_DAY.format(at);
    case "F": return `${WEEKDAY.format(at)} à ${HOUR.format(at)}`;
    case "R": return relative(at);
    default: return `${LONG_DAY.format(at)} à ${HOUR.format(at)}`;
  }
}

/** The words on the button of the clock: the day is left out where there is little room. */
export const reading = () => (matchMedia("(max-width: 500px)").matches ? TIGHT : SHORT).format(now());

/** The dialog in which time moves. */
export function openClock() {
  const present = el("p", { class: "clock-now" });
  const tick = () => fill(present, `${WEEKDAY.format(now())}, ${HOUR.format(now())}`);
  tick();
  const timer = setInterval(tick, 1000);
  const move = async (moment) => {
    try {
      await jump(moment);
      tick();
      toast("Le temps a avancé.");
    } catch {
      toast("Le temps n’a pas pu avancer.");
    }
  };
  const dialog = el("dialog", { class: "sheet", "aria-labelledby": "clock-title" },
    el("form", { method: "dialog" },
      el("h2", { id: "clock-title" }, "Le temps"),
      present,
      el("p", { class: "faint" }, "Le temps ne fait qu’avancer, pour tout le monde : les rappels et les annonces suivent."),
      el("div", { class: "stack" }, state.clock.moments.map((label, rank) =>
        el("button", { type: "button", class: "button secondary", onclick: () => move(rank) }, icon("clock"), label))),
      el("div", { class: "actions" }, el("button", { class: "button primary" }, "Fermer"))));
  dialog.addEventListener("close", () => {
    clearInterval(timer);
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
}
