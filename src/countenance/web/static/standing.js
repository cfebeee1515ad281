// Asks every two seconds what the registry holds of a source, for as long as the page is looked at.
const EVERY = 2000;
const told = document.querySelector("[data-standing]");
const status = document.querySelector("[role=status]");
status.hidden = false;

setInterval(async () => {
  if (document.hidden) return;
  let now;
  try {
    const answer = await fetch(told.dataset.standing);
    if (!answer.ok) return;
    now = await answer.json();
  } catch {
    return;
  }
  for (const each of told.querySelectorAll("[data-count]")) {
    const count = String(now[each.dataset.count]);
    if (each.textContent === count) continue;
    each.textContent = count;
    status.textContent = told.dataset.now;
  }
}, EVERY);
