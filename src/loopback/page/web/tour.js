// The guided tour: what to try, ticked when the world shows that it was done.

import { el, icon } from "./dom.js";
import { markdown } from "./markdown.js";
import { state } from "./state.js";

let become = () => {};
export function startTour(switchTo) {
  become = switchTo;
}

export function tourPanel() {
  const { tour, me } = state;
  const next = tour.stops.findIndex((stop) => !stop.done);
  const done = tour.stops.filter((stop) => stop.done).length;
  return [
    el("p", null, el("progress", { max: tour.stops.length, value: done, "aria-label": "Avancée de la visite" }), ` ${done} / ${tour.stops.length}`),
    el("ol", { class: "tour" }, tour.stops.map((stop, rank) => el("li", {
      class: stop.done ? "done" : rank === next ? "next" : null, "aria-current": rank === next ? "step" : null, data: { stop: rank },
    },
    el("details", { open: rank === next },
      el("summary", { data: { key: `stop${rank}` } }, el("span", { class: "tick" }, stop.done ? icon("check") : String(rank + 1)),
        el("span", null, stop.title, el("span", { class: "unseen" }, stop.done ? " (fait)" : " (à faire)"))),
      el("div", { class: "text" }, markdown(stop.text)),
      stop.who && stop.who !== me?.id && el("button", {
        type: "button", class: "button secondary", data: { key: `who${rank}` }, onclick: () => become(stop.who),
      }, `Devenir ${stop.name}`))))),
    done === tour.stops.length && el("p", { class: "success", role: "status" }, "La visite est faite. Tout le reste est à vous : essayez, rien ici n’est réel."),
  ];
}
