// What a browser needs to check the log by itself: RFC 6962 hashes and proofs, and C2SP checkpoints and signatures.
// Nothing here asks the server for an opinion.

export const bytesOf = (base64) => Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
export const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (two) => parseInt(two, 16));
export const toHex = (bytes) => [...bytes].map((each) => each.toString(16).padStart(2, "0")).join("");
const utf8 = (text) => new TextEncoder().encode(text);
const same = (one, other) => toHex(one) === toHex(other);

async function sha256(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, each) => sum + each.length, 0));
  let at = 0;
  for (const each of parts) { whole.set(each, at); at += each.length; }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
}

const node = (left, right) => sha256(Uint8Array.of(1), left, right);
export const leafHash = (text) => sha256(Uint8Array.of(0), utf8(text));

// JSON as the log writes it (RFC 8785): keys in order of their UTF-16 units, no spaces.
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value && typeof value === "object") {
    return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

// A signed note: the checkpoint's lines, a blank one, the signatures. Throws for what is none.
export function parseNote(note) {
  const text = note.replace(/\r\n/g, "\n").trim() + "\n";
  const cut = text.lastIndexOf("\n\n");
  if (cut < 0) throw new Error("no signature");
  const head = text.slice(0, cut + 1);
  const [origin, size, root] = head.split("\n");
  if (!origin || !/^(0|[1-9][0-9]{0,15})$/.test(size ?? "")) throw new Error("no checkpoint");
  const signatures = text.slice(cut + 2).trim().split("\n").map((line) => {
    const found = /^— (\S+) (\S+)$/.exec(line);
    if (!found) throw new Error("no signature");
    return { name: found[1], raw: bytesOf(found[2]) };
  });
  const hash = bytesOf(root ?? "");
  if (hash.length !== 32) throw new Error("no root");
  return { head, origin, size: Number(size), root: hash, signatures };
}

// Whether the log's key (name+hash+base64) signed the note; null where this browser has no Ed25519.
export async function isSigned(note, key) {
  const [name, , data] = splitKey(key);
  const raw = bytesOf(data);
  const id = (await sha256(utf8(`${name}\n`), raw)).slice(0, 4);
  let opened;
  try {
    opened = await crypto.subtle.importKey("raw", raw.slice(1), { name: "Ed25519" }, false, ["verify"]);
  } catch {
    return null;
  }
  for (const each of note.signatures) {
    if (each.name !== name || !same(each.raw.slice(0, 4), id)) continue;
    return crypto.subtle.verify({ name: "Ed25519" }, opened, each.raw.slice(4), utf8(note.head));
  }
  return false;
}

function splitKey(key) {
  const text = key.trim();
  const first = text.indexOf("+");
  const second = text.indexOf("+", first + 1);
  return [text.slice(0, first), text.slice(first + 1, second), text.slice(second + 1)];
}

// RFC 9162 §2.1.3.2: whether a leaf's hash, at this place, leads to the root of a tree of this size.
export async function includes(index, size, leaf, path, root) {
  if (!(index >= 0 && index < size)) return false;
  let [place, last, hash] = [index, size - 1, leaf];
  for (const step of path) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      hash = await node(step, hash);
      while (place % 2 === 0 && place !== 0) { place /= 2; last = Math.floor(last / 2); }
    } else {
      hash = await node(hash, step);
    }
    place = Math.floor(place / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && same(hash, root);
}

// RFC 9162 §2.1.4.2: whether the tree of the first size is the start of the second.
export async function continues(first, second, firstRoot, secondRoot, path) {
  if (first === second) return path.length === 0 && same(firstRoot, secondRoot);
  if (first < 1 || first > second || path.length === 0) return false;
  const steps = Number.isInteger(Math.log2(first)) ? [firstRoot, ...path] : path;
  let [place, last] = [first - 1, second - 1];
  while (place % 2 === 1) { place = Math.floor(place / 2); last = Math.floor(last / 2); }
  let [one, other] = [steps[0], steps[0]];
  for (const step of steps.slice(1)) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      one = await node(step, one);
      other = await node(step, other);
      while (place % 2 === 0 && place !== 0) { place /= 2; last = Math.floor(last / 2); }
    } else {
      other = await node(other, step);
    }
    place = Math.floor(place / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && same(one, firstRoot) && same(other, secondRoot);
}
