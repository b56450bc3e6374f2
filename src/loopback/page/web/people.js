// Who one is, the newcomer, the clock, the tour: the bar above everything.

import { avatar, el, fill, icon, toast, $ } from "./dom.js";
import { openClock, reading } from "./clock.js";
import { simple } from "./acts.js";
import { arrive } from "./net.js";
import { opened, toggle } from "./panels.js";
import { follow, state } from "./state.js";

let become = () => {};

export function startBar(switchTo, toggleSidebar) {
  become = switchTo;
  follow(["me", "cast", "clock", "tour"], () => draw(toggleSidebar));
  setInterval(() => {
    const words = $("bar").querySelector(".now");
    if (words && state.me) words.textContent = reading();
  }, 1000);
}

function draw(toggleSidebar) {
  const { me, tour } = state;
  if (!me) return;
  document.title = `${me.name} — ${tour.title || "Bac à sable"}`;
  const here = document.activeElement?.dataset?.bar;
  const done = tour.stops.filter((stop) => stop.done).length;
  fill($("bar"),
    el("button", { type: "button", class: "bare only-narrow", "aria-label": "Salons", data: { bar: "menu" }, onclick: toggleSidebar }, icon("menu")),
    el("button", {
      type: "button", class: "person", "aria-haspopup": "dialog", data: { bar: "person" }, onclick: openPeople,
    }, avatar(me), el("span", null, el("span", { class: "unseen" }, "Vous êtes "), el("strong", null, me.name),
      me.role && el("span", { class: "faint role" }, me.role)), icon("down")),
    el("span", { class: "space" }),
    el("button", { type: "button", class: "bare wide", data: { bar: "clock" }, onclick: openClock, "aria-label": "Le temps : le faire avancer" },
      icon("clock"), el("span", { class: "now" }, reading())),
    tour.stops.length > 0 && el("button", {
      type: "button", class: "bare wide", "aria-expanded": String(opened() === "tour"), data: { opens: "tour", bar: "tour" },
      onclick: () => toggle("tour"),
    }, icon("flag"), el("span", null, el("span", { class: "only-wide" }, "Visite "), `${done} / ${tour.stops.length}`)));
  if (here) $("bar").querySelector(`[data-bar="${here}"]`)?.focus();
}

/** Lets a newcomer arrive, and becomes that person. */
export async function newcomer() {
  try {
    const made = await arrive();
    toast(`${made.name} arrive sur le serveur.`);
    become(made.id);
  } catch {
    toast("Personne n’a pu arriver.");
  }
}

function openPeople() {
  const item = (one) => el("li", null, el("button", {
    type: "button", class: "cast", "aria-current": one.id === state.me.id ? "true" : null, data: { person: one.id },
    onclick: () => {
      dialog.close();
      become(one.id);
    },
  }, avatar(one), el("span", null, el("strong", null, one.name), el("span", { class: "faint role" }, one.role),
    el("span", { class: "faint about" }, one.member ? one.about : `${one.about} (hors du serveur)`))));
  const other = `${location.origin}/#cle=${state.key}`;
  const dialog = el("dialog", { class: "sheet", "aria-labelledby": "people-title" },
    el("header", null, el("h2", { id: "people-title" }, "Qui êtes-vous ?"),
      el("button", { type: "button", class: "bare", "aria-label": "Fermer", onclick: () => dialog.close() }, icon("close"))),
    el("ul", { class: "cast-list" }, state.cast.map(item)),
    el("div", { class: "stack" },
      el("button", {
        type: "button", class: "button primary", data: { person: "new" },
        onclick: () => {
          dialog.close();
          newcomer();
        },
      }, icon("plus"), "Une nouvelle personne arrive"),
      el("p", { class: "aside-acts" },
        state.me.member && el("button", {
          type: "button", class: "link", onclick: () => simple({ kind: "closed", closed: !state.me.closed }).then(() => dialog.close()),
        }, state.me.closed ? "Rouvrir mes messages privés" : "Fermer mes messages privés"),
        state.me.member && el("button", {
          type: "button", class: "link", onclick: () => simple({ kind: "leave" }).then(() => dialog.close()),
        }, "Quitter le serveur"),
        el("a", { href: other, target: "_blank", rel: "noopener" }, "Être deux personnes : un second onglet"))));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector("[aria-current]")?.focus();
}
