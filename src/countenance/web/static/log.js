// The log, checked here and not by the server that shows it: a pasted checkpoint, or one entry.
import { canonical, continues, fromHex, includes, isSigned, leafHash, parseNote } from "./merkle.js";

const form = document.querySelector(".check-log");
const verdict = form.querySelector("[role=status]");
const pasted = form.querySelector("textarea");
const words = form.dataset;

form.querySelector("[data-fill]").addEventListener("click", () => {
  pasted.value = document.querySelector("#now").textContent;
  verdict.textContent = "";
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  tell("");
  let then;
  try { then = parseNote(pasted.value); } catch { return tell(words.unreadable, false); }
  const answer = await fetch(`/log/grown.json?from=${then.size}`);
  if (!answer.ok) return tell(words.broken, false);
  const grown = await answer.json();
  const now = parseNote(grown.checkpoint);
  const path = grown.consistency.map(fromHex);
  if (then.origin !== now.origin || !await continues(then.size, now.size, then.root, now.root, path)) {
    return tell(words.broken, false);
  }
  const signed = [await isSigned(then, grown.key), await isSigned(now, grown.key)];
  if (signed.includes(false)) return tell(words.forged, false);
  const said = signed.includes(null) ? words.unsigned : words.signed;
  tell(`${words.fits.replace("{now}", now.size).replace("{then}", then.size)} ${said}`, true);
});

for (const button of document.querySelectorAll("button[data-entry]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const index = Number(button.dataset.entry);
    const holds = await proven(index).catch(() => false);
    button.classList.toggle("checked", holds);
    tell((holds ? words.entry : words.missing).replace("{number}", index), holds);
  });
}

async function proven(index) {
  const answer = await fetch(`/log/${index}/proof.json`);
  if (!answer.ok) return false;
  const { log } = (await answer.json()).body;
  const point = parseNote(log.checkpoint);
  if (log.index !== index || log.leaf.index !== index) return false;
  return includes(index, point.size, await leafHash(canonical(log.leaf)), log.inclusion.map(fromHex), point.root);
}

function tell(text, good) {
  verdict.textContent = text;
  verdict.classList.toggle("good", good === true);
  verdict.classList.toggle("bad", good === false);
  if (text) verdict.scrollIntoView({ block: "nearest" });
}
