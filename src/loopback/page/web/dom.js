// Elements are built one by one; what people wrote only ever becomes text nodes.

/** An element. `props`: attributes, `on…` listeners, `class`, `data`; children: nodes, texts, lists, nothing. */
export function el(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  append(node, children);
  return node;
}

export function append(node, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === undefined || child === null || child === false || child === "") continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

export function fill(node, ...children) {
  node.replaceChildren();
  return append(node, children);
}

export const $ = (id) => document.getElementById(id);

const PATHS = {
  menu: "M4 6h16M4 12h16M4 18h16",
  people: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c0-3.5 3-6 6.500-6s6.500 2.500 6.500 6M16 4.500a3.500 3.500 0 0 1 0 6.500M18 14.500c2.200.8 3.500 2.800 3.500 5.500",
  pin: "M9 3h6l-1 6 4 4H6l4-4zM12 13v8",
  calendar: "M4 6h16v14H4zM4 10h16M8 3v5M16 3v5",
  flag: "M5 21V4h11l-2 4 2 4H5",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3.500 2",
  plus: "M12 5v14M5 12h14",
  send: "M4 12l16-8-6 16-3-6z",
  close: "M6 6l12 12M18 6L6 18",
  down: "M6 9l6 6 6-6",
  lock: "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3",
  hash: "M9 4L7 20M17 4l-2 16M4 9h16M3 15h16",
  voice: "M4 10v4h4l5 4V6L8 10zM16 9c1.500 1.500 1.500 4.500 0 6",
  mail: "M3 6h18v12H3zM3 7l9 7 9-7",
  file: "M7 3h7l4 4v14H7zM14 3v4h4",
  check: "M5 13l4 4L19 7",
  arrow: "M9 7l-5 5 5 5M4 12h10a6 6 0 0 1 6 6",
  trash: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13",
  news: "M4 10v4h3l8 4V6l-8 4zM18 9v6",
  enter: "M13 4h6v16h-6M4 12h10M10 8l4 4-4 4",
};

/** A drawing that screen readers skip: words stand beside it, or in the label of its button. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name] ?? PATHS.hash);
  svg.append(path);
  return svg;
}

/** A round with the initials of a name, in a colour that the number decides. */
export function avatar(person) {
  const words = person.name.split(/[\s-]+/u).filter(Boolean);
  const letters = words.slice(0, 2).map((word) => [...word][0]).join("").toUpperCase();
  const tint = Number(BigInt(person.id || 0) % 8n);
  return el("span", { class: `avatar tint-${tint}`, "aria-hidden": "true" }, letters || "?");
}

/** A colour that a role or an embed gives; without one, that of the theme. */
export function paint(node, property, number) {
  if (typeof number === "number" && number > 0) {
    node.style.setProperty(property, `#${number.toString(16).padStart(6, "0")}`);
  }
  return node;
}

/** A short remark at the foot of the page. */
export function toast(text) {
  const node = el("p", { class: "toast" }, text);
  document.getElementById("toasts").append(node);
  setTimeout(() => node.remove(), 6000);
}

/** Case and accents folded, for searching. */
export function fold(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[’']/g, "'").toLowerCase();
}
