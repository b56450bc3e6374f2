// One dialog for every choice among many: selects of messages, people, roles, channels.

import { el, fill, fold } from "./dom.js";

const SEARCHED = 8;
const SHOWN = 100;

/** Lets choose among `items` ({ value, label, description, chosen, head }); gives the values, or null. */
export function choose({ title, items, min = 1, max = 1 }) {
  return new Promise((resolve) => {
    const chosen = new Set(items.filter((item) => item.chosen).map((item) => item.value));
    const many = max > 1 || min === 0;
    let result = null;
    const list = el("ul", { class: "choices", role: "listbox", "aria-label": title, "aria-multiselectable": many ? "true" : null });
    const done = el("button", { type: "button", class: "button primary" }, "Choisir");
    const count = el("p", { class: "faint", "aria-live": "polite" });
    const finish = (values) => {
      result = values;
      dialog.close();
    };
    const pick = (item) => {
      if (!many) {
        finish([item.value]);
        return;
      }
      if (!chosen.delete(item.value) && chosen.size < max) chosen.add(item.value);
      draw();
      [...list.querySelectorAll("[role=option]")].find((node) => node.dataset.value === item.value)?.focus();
    };
    const search = el("input", { type: "search", placeholder: "Chercher", "aria-label": "Chercher", autocomplete: "off" });
    const draw = () => {
      const wanted = fold(search.value);
      const found = items.filter((item) => fold(`${item.label} ${item.description ?? ""} ${item.head ?? ""}`).includes(wanted));
      fill(list, found.slice(0, SHOWN).map((item) => el("li", {
        role: "option", tabindex: "0", "aria-selected": String(chosen.has(item.value)), data: { value: item.value },
        onclick: () => pick(item),
      },
      el("span", { class: "label" }, item.label), item.description && el("span", { class: "faint" }, item.description))));
      if (found.length === 0) list.append(el("li", { class: "faint" }, "Rien ne correspond."));
      if (found.length > SHOWN) list.append(el("li", { class: "faint" }, `… et ${found.length - SHOWN} autres : précisez votre recherche.`));
      if (many) {
        fill(count, `${chosen.size} choix sur ${max} au plus`);
        done.disabled = chosen.size < min || chosen.size > max;
      }
    };
    search.addEventListener("input", draw);
    done.addEventListener("click", () => finish([...chosen]));
    const keys = (event) => {
      const nodes = [...list.querySelectorAll("[role=option]")];
      const at = nodes.indexOf(document.activeElement);
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        const step = event.key === "ArrowDown" ? 1 : -1;
        nodes[Math.max(0, Math.min(nodes.length - 1, at + step))]?.focus();
      } else if ((event.key === "Enter" || event.key === " ") && at >= 0) {
        event.preventDefault();
        document.activeElement.click();
      } else if (event.key === "Enter" && document.activeElement === search) {
        event.preventDefault();
        nodes[0]?.click();
      }
    };
    const dialog = el("dialog", { class: "sheet", "aria-labelledby": "choose-title", onkeydown: keys },
      el("h2", { id: "choose-title" }, title),
      items.length > SEARCHED && search,
      list,
      many && count,
      el("div", { class: "actions" },
        el("button", { type: "button", class: "button secondary", onclick: () => dialog.close() }, "Annuler"),
        many && done));
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(result);
    });
    draw();
    document.body.append(dialog);
    dialog.showModal();
    (items.length > SEARCHED ? search : list.querySelector("[role=option]"))?.focus();
  });
}
