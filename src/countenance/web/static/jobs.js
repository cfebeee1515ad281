// Asks every second and a half how far a job is, for as long as it runs and the page is looked at. What is read aloud
// is each quarter of the way and the end; the numbers in between change in silence.
const EVERY = 1500;
const live = document.querySelector("[data-live]");
const status = document.querySelector("[role=status]");
const broken = document.querySelector("[data-broken]");
const standing = () => live.querySelector(".standing").dataset;
const quarter = () => Math.floor(Number(standing().share || 0) / 25);
let said = quarter();
let missed = 0;

async function look() {
  if (standing().state !== "running") return;
  setTimeout(look, EVERY);
  if (document.hidden) return;
  let text;
  try {
    const answer = await fetch(live.dataset.live);
    if (answer.redirected || !answer.ok) throw new Error("not let in");
    text = await answer.text();
  } catch {
    missed += 1;
    broken.hidden = missed < 3;
    broken.textContent = missed < 3 ? "" : live.dataset.lost;
    return;
  }
  missed = 0;
  broken.hidden = true;
  const now = new DOMParser().parseFromString(text, "text/html").querySelector(".standing");
  live.querySelector(".standing").replaceWith(now);
  const ended = standing().state !== "running";
  if (ended) for (const each of document.querySelectorAll("[data-running]")) each.remove();
  if (!ended && quarter() === said) return;
  said = quarter();
  status.textContent = standing().said;
}

if (standing().state === "running") setTimeout(look, EVERY);
