// A text field with a list of suggestions under it, in the combobox pattern (WAI-ARIA Authoring Practices).

import { el, fill } from "./dom.js";

let next = 0;

/**
 * `find(text)` gives items ({ value, label, description }) or a string that says why there are none; `pick(item)` is
 * told what was chosen. Gives { node, input, refresh, close }.
 */
export function suggesting(props, { find, pick, delay = 0, always = true }) {
  const id = `suggestions-${next++}`;
  const list = el("ul", { id, class: "suggestions", role: "listbox", hidden: true });
  const input = el(props.tag ?? "input", {
    role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": id, autocomplete: "off",
    ...props, tag: null,
  });
  let items = [];
  let active = -1;
  let asked = 0;
  let timer = 0;
  const show = (open) => {
    list.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    if (!open) input.removeAttribute("aria-activedescendant");
  };
  const mark = (rank) => {
    active = rank;
    [...list.children].forEach((node, at) => node.setAttribute("aria-selected", String(at === rank)));
    const node = list.children[rank];
    if (node && items[rank]) {
      input.setAttribute("aria-activedescendant", node.id);
      node.scrollIntoView({ block: "nearest" });
    }
  };
  const take = (item) => {
    show(false);
    pick(item);
  };
  const look = async () => {
    const number = ++asked;
    const found = await find(input.value);
    if (number !== asked) return;
    if (found === null) {
      items = [];
      show(false);
      return;
    }
    if (typeof found === "string") {
      items = [];
      fill(list, el("li", { class: "faint" }, found));
      show(document.activeElement === input);
      return;
    }
    items = found;
    fill(list, items.map((item, rank) => el("li", {
      id: `${id}-${rank}`, role: "option", "aria-selected": "false",
      onmousedown: (event) => event.preventDefault(), onclick: () => take(item),
    }, el("span", { class: "label" }, item.label), item.description && el("span", { class: "faint" }, item.description))));
    show(items.length > 0 && document.activeElement === input);
    mark(items.length > 0 ? 0 : -1);
  };
  const refresh = () => {
    clearTimeout(timer);
    timer = setTimeout(look, delay);
  };
  input.addEventListener("input", refresh);
  input.addEventListener("focus", () => always && refresh());
  input.addEventListener("blur", () => show(false));
  input.addEventListener("keydown", (event) => {
    if (list.hidden || items.length === 0) {
      if (event.key === "ArrowDown" && always) refresh();
      return;
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      mark((active + step + items.length) % items.length);
    } else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey && items[active]) {
      if (event.key === "Enter") event.preventDefault();
      event.stopImmediatePropagation();
      take(items[active]);
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      show(false);
    }
  });
  return { node: el("div", { class: "suggesting" }, list, input), input, refresh, close: () => show(false) };
}
