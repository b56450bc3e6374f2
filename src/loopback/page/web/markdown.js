// Discord's Markdown, read into nodes. Nothing here makes HTML out of text.

import { el } from "./dom.js";
import { timestamp } from "./clock.js";
import { state } from "./state.js";

/** Where mentions lead; set by the page. */
export const go = { channel: () => {}, command: () => {} };

const MARKS = [["***", ["strong", "em"]], ["**", ["strong"]], ["__", ["u"]], ["~~", ["s"]], ["||", ["spoiler"]],
  ["*", ["em"]], ["_", ["em"]]];
const LINK = /^https?:\/\/[^\s<>()]+(?:\([^\s<>()]*\)[^\s<>()]*)*[^\s<>().,:;!?'"«»…]/u;
const WORD = /[\p{L}\p{N}_]/u;

/** A whole message. */
export function markdown(text) {
  return blocks(text.replace(/\r\n?/g, "\n"));
}

/** One line: titles of embeds, labels. */
export function line(text) {
  return inline(text);
}

function blocks(text) {
  const nodes = [];
  for (const part of text.split(/(```[\s\S]*?```)/)) {
    const fence = /^```(?:[a-z0-9+-]*\n)?\n?([\s\S]*?)\n?```$/i.exec(part);
    if (fence && part.length > 6) nodes.push(el("pre", { tabindex: "0" }, el("code", null, fence[1])));
    else nodes.push(...lines(part));
  }
  return nodes;
}

function lines(text) {
  const nodes = [];
  const rows = text.split("\n");
  let plain = [];
  const flush = () => {
    // A paragraph keeps its line breaks; empty lines at its ends belong to the block beside it.
    while (plain.length && plain[0] === "" && nodes.length) plain.shift();
    if (plain.some((row) => row.trim())) nodes.push(el("div", { class: "para" }, inline(plain.join("\n").replace(/\n+$/, ""))));
    plain = [];
  };
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at];
    if (row.startsWith(">>> ")) {
      flush();
      const rest = [row.slice(4), ...rows.slice(at + 1)].join("\n");
      nodes.push(el("blockquote", null, blocks(rest)));
      return nodes;
    }
    if (row.startsWith("> ") || row === ">") {
      flush();
      const quoted = [];
      while (at < rows.length && (rows[at].startsWith("> ") || rows[at] === ">")) quoted.push(rows[at++].slice(2));
      at -= 1;
      nodes.push(el("blockquote", null, lines(quoted.join("\n"))));
      continue;
    }
    const header = /^(#{1,3}) +(\S.*)$/.exec(row);
    if (header) {
      flush();
      // Levels of the page itself: a message stands under the heading of its channel.
      nodes.push(el("p", { class: `h h${header[1].length}`, role: "heading", "aria-level": header[1].length + 2 }, inline(header[2])));
      continue;
    }
    const small = /^-# +(\S.*)$/.exec(row);
    if (small) {
      flush();
      nodes.push(el("p", { class: "small" }, inline(small[1])));
      continue;
    }
    if (/^ *(?:[-*]|\d+\.) +\S/.test(row)) {
      flush();
      const items = [];
      while (at < rows.length && /^ *(?:[-*]|\d+\.) +\S/.test(rows[at])) items.push(rows[at++]);
      at -= 1;
      nodes.push(...list(items));
      continue;
    }
    plain.push(row);
  }
  flush();
  return nodes;
}

function list(rows) {
  const read = rows.map((row) => /^( *)([-*]|(\d+)\.) +(.*)$/.exec(row));
  const build = (from, to) => {
    const depth = read[from][1].length;
    const roots = [];
    let numbered = null;
    for (let at = from; at < to; at += 1) {
      const number = read[at][3];
      // A list with numbers and one without are two.
      if (numbered !== Boolean(number)) {
        numbered = Boolean(number);
        roots.push(el(number ? "ol" : "ul", number && number !== "1" ? { start: number } : null));
      }
      let end = at + 1;
      while (end < to && read[end][1].length > depth) end += 1;
      const item = el("li", null, inline(read[at][4]));
      if (end > at + 1) item.append(...build(at + 1, end));
      roots.at(-1).append(item);
      at = end - 1;
    }
    return roots;
  };
  return build(0, read.length);
}

function inline(text) {
  const nodes = [];
  let plain = "";
  const push = (...made) => {
    if (plain) nodes.push(document.createTextNode(plain));
    plain = "";
    nodes.push(...made);
  };
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at);
    const before = text[at - 1] ?? "";
    const found = escaped(rest) ?? code(rest) ?? mention(rest) ?? link(rest, before) ?? marked(rest, before);
    if (!found) {
      plain += text[at];
      at += 1;
      continue;
    }
    if (typeof found.node === "string") plain += found.node;
    else push(found.node);
    at += found.length;
  }
  push();
  return nodes;
}

function escaped(rest) {
  return /^\\[^\p{L}\p{N}\s]/u.test(rest) ? { node: rest[1], length: 2 } : null;
}

function code(rest) {
  const found = /^(`{1,2})([\s\S]+?)\1(?!`)/.exec(rest);
  return found && { node: el("code", null, found[2].trim() || found[2]), length: found[0].length };
}

function link(rest, before) {
  const named = /^\[((?:\\.|[^\]\\])+)\]\(<?(https?:\/\/[^\s<>)]+)>?(?: "[^"]*")?\)/.exec(rest);
  if (named) return { node: anchor(named[2], inline(named[1])), length: named[0].length };
  const quiet = /^<(https?:\/\/[^\s<>]+)>/.exec(rest);
  if (quiet) return { node: anchor(quiet[1], [quiet[1]]), length: quiet[0].length };
  const bare = WORD.test(before) ? null : LINK.exec(rest);
  return bare && { node: anchor(bare[0], [bare[0]]), length: bare[0].length };
}

/** A link; those into this server stay in the page. */
export function anchor(url, children) {
  const inside = /^https:\/\/(?:\w+\.)?discord\.com\/channels\/\d+\/(\d+)(?:\/(\d+))?$/.exec(url);
  if (inside) {
    const known = state.directory.channels[inside[1]];
    const label = children.length === 1 && children[0] === url ? `# ${known?.name ?? "inconnu"}` : children;
    return el("button", { type: "button", class: "mention", onclick: () => go.channel(inside[1], inside[2]) }, label);
  }
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer", title: url }, children);
}

function mention(rest) {
  const user = /^<@!?(\d+)>/.exec(rest);
  if (user) {
    const name = state.directory.users[user[1]]?.name ?? "utilisateur inconnu";
    return { node: el("span", { class: "mention" }, `@${name}`), length: user[0].length };
  }
  const role = /^<@&(\d+)>/.exec(rest);
  if (role) {
    const name = state.directory.roles[role[1]]?.name ?? "rôle supprimé";
    return { node: el("span", { class: "mention" }, `@${name}`), length: role[0].length };
  }
  const channel = /^<#(\d+)>/.exec(rest);
  if (channel) {
    const known = state.directory.channels[channel[1]];
    const node = known
      ? el("button", { type: "button", class: "mention", onclick: () => go.channel(channel[1]) }, `# ${known.name}`)
      : el("span", { class: "mention" }, "# salon privé");
    return { node, length: channel[0].length };
  }
  const command = /^<\/([^:>]{1,100}):\d+>/.exec(rest);
  if (command) {
    const node = el("button", { type: "button", class: "mention", onclick: () => go.command(command[1]) }, `/${command[1]}`);
    return { node, length: command[0].length };
  }
  const time = /^<t:(-?\d{1,13})(?::([tTdDfFR]))?>/.exec(rest);
  if (time) {
    const seconds = Number(time[1]);
    const node = el("time", { datetime: new Date(seconds * 1000).toISOString(), title: timestamp(seconds, "F") }, timestamp(seconds, time[2]));
    if (time[2] === "R") node.dataset.relative = seconds;
    return { node, length: time[0].length };
  }
  const emoji = /^<a?:(\w+):\d+>/.exec(rest);
  if (emoji) return { node: `:${emoji[1]}:`, length: emoji[0].length };
  const all = /^@(everyone|here)\b/.exec(rest);
  return all && { node: el("span", { class: "mention" }, all[0]), length: all[0].length };
}

function marked(rest, before) {
  for (const [mark, tags] of MARKS) {
    if (!rest.startsWith(mark)) continue;
    // «_» inside a word is a letter like another.
    if (mark === "_" && WORD.test(before)) continue;
    const end = closing(rest, mark);
    if (end < 0) continue;
    const inner = rest.slice(mark.length, end);
    let node = null;
    for (const tag of [...tags].reverse()) {
      const children = node ? [node] : inline(inner);
      node = tag === "spoiler" ? spoiler(children) : el(tag, null, children);
    }
    return { node, length: end + mark.length };
  }
  return null;
}

/** Where a mark ends: not in code, not escaped, not beside a space for the single ones. */
function closing(rest, mark) {
  const single = mark.length === 1;
  if (single && /\s/.test(rest[1] ?? " ")) return -1;
  for (let at = mark.length; at < rest.length; at += 1) {
    if (rest[at] === "\\") {
      at += 1;
      continue;
    }
    const span = code(rest.slice(at));
    if (span) {
      at += span.length - 1;
      continue;
    }
    if (!rest.startsWith(mark, at) || at === mark.length) continue;
    if (single) {
      if (/\s/.test(rest[at - 1])) continue;
      if (mark === "*" && rest[at + 1] === "*") {
        at += 1;
        continue;
      }
      if (mark === "_" && WORD.test(rest[at + 1] ?? "")) continue;
    } else if (mark === "**" && rest[at + 2] === "*") {
      continue;
    }
    return at;
  }
  return -1;
}

function spoiler(children) {
  const node = el("span", { class: "spoiler", role: "button", tabindex: "0", "aria-expanded": "false", "aria-label": "Texte caché" }, el("span", { "aria-hidden": "true" }, children));
  const show = () => {
    node.classList.add("shown");
    node.setAttribute("aria-expanded", "true");
    node.removeAttribute("aria-label");
    node.firstChild.removeAttribute("aria-hidden");
  };
  node.addEventListener("click", show);
  node.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      show();
    }
  });
  return node;
}
