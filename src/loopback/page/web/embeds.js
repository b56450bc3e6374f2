// Embeds and files of a message.

import { el, icon, paint, toast } from "./dom.js";
import { blob } from "./net.js";
import { anchor, line, markdown } from "./markdown.js";
import { stamp } from "./clock.js";

export function embeds(message) {
  return message.embeds.map((embed) => {
    const title = embed.title && (embed.url ? anchor(embed.url, line(embed.title)) : line(embed.title));
    const node = el("article", { class: "embed" },
      embed.author && el("p", { class: "embed-author" }, embed.author.name),
      title && el("p", { class: "embed-title" }, title),
      embed.description && el("div", { class: "text" }, markdown(embed.description)),
      embed.fields && el("dl", { class: "fields" }, embed.fields.map((field) =>
        el("div", { class: field.inline ? "inline" : null }, el("dt", null, line(field.name)), el("dd", { class: "text" }, markdown(field.value))))),
      embed.thumbnail && picture(embed.thumbnail.path, "", "thumb"),
      embed.image && picture(embed.image.path, embed.title ?? "", ""),
      (embed.footer || embed.timestamp) && el("p", { class: "embed-foot" },
        [embed.footer?.text, embed.timestamp && stamp(Date.parse(embed.timestamp))].filter(Boolean).join(" · ")));
    return paint(node, "--accent-embed", embed.color);
  });
}

function picture(path, words, kind) {
  const image = el("img", { class: `picture ${kind}`, alt: words || "Image", loading: "lazy" });
  blob(path).then((url) => { image.src = url; }).catch(() => image.replaceWith(el("p", { class: "faint" }, "L’image n’est plus là.")));
  return image;
}

const SIZES = ["octets", "Kio", "Mio"];
export function size(bytes) {
  let rank = 0;
  let value = bytes;
  while (value >= 1024 && rank < SIZES.length - 1) {
    value /= 1024;
    rank += 1;
  }
  return `${new Intl.NumberFormat("fr-FR", { maximumFractionDigits: 1 }).format(value)} ${SIZES[rank]}`;
}

export function files(message) {
  const inside = new Set(message.embeds.flatMap((embed) => [embed.image?.id, embed.thumbnail?.id]));
  return message.files.filter((file) => !inside.has(file.id)).map((file) => {
    if (/^image\/(png|jpeg|gif|webp)$/.test(file.type)) return picture(file.path, file.description || file.name, "");
    return el("button", { type: "button", class: "file", onclick: () => download(file) },
      icon("file"), el("span", null, el("span", { class: "name" }, file.name), el("span", { class: "faint" }, ` ${size(file.size)}`)),
      el("span", { class: "unseen" }, " (télécharger)"));
  });
}

async function download(file) {
  try {
    const link = el("a", { href: await blob(file.path), download: file.name });
    document.body.append(link);
    link.click();
    link.remove();
  } catch {
    toast("Ce fichier n’est plus disponible.");
  }
}
